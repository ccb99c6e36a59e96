"""The life of one rule: created or found, brought in line, deleted.

A rule's id is its physical id. CloudFormation may repeat any request, and sends a Delete after a
Create that failed: so each step looks at what is there instead of trusting what was.
"""

from lambdas.ably_rule.control_api import ControlApi
from lambdas.ably_rule.errors import ControlNotFoundError, ControlUnavailableError
from lambdas.ably_rule.rule import Rule
from lambdas.common.backoff import Backoff
from lambdas.common.observability import logger

# The physical id of a Create that failed: no rule's id, for those are letters, digits and dashes.
NO_RULE = "no.rule"


class Lifecycle:
    """Carries out one request of CloudFormation's."""

    def __init__(self, api: ControlApi, *, backoff: Backoff) -> None:
        self._api = api
        self._backoff = backoff

    def create(self, rule: Rule) -> str:
        """The id of the one rule that does this: the one that is there already, or a new one.

        Raises:
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        failure: ControlUnavailableError | None = None
        for _ in self._backoff.tries():
            # Looked up before each attempt: the one before may have been heard.
            if found := self._find(rule):
                return self._changed(found, rule)
            try:
                rule_id = self._api.create(rule)
            except ControlUnavailableError as exc:
                failure = exc
            else:
                _log("A rule was created", rule_id)
                return rule_id
        if failure is None:
            raise AssertionError("there is at least one attempt")
        raise failure

    def update(self, rule_id: str, rule: Rule, before: Rule) -> str:
        """The id of the rule after its change; another id makes CloudFormation delete the old.

        Raises:
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        if (rule.app_id, rule.rule_type) == (before.app_id, before.rule_type):
            try:
                return self._changed(rule_id, rule)
            except ControlNotFoundError:
                _log("The rule is gone; another takes its place", rule_id)
        return self.create(rule)

    def delete(self, rule_id: str, rule: Rule) -> None:
        """Delete the rule; one that is gone is as good as deleted.

        Raises:
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        if rule_id == NO_RULE:
            # A Create that failed without an answer may have been heard.
            ids = [str(found["id"]) for found in self._rules(rule) if rule.is_of_this_stack(found)]
        else:
            ids = [rule_id]
        for each in ids:
            try:
                self._api.delete(rule.app_id, each)
            except ControlNotFoundError:
                _log("The rule was gone already", each)
            else:
                _log("A rule was deleted", each)

    def _find(self, rule: Rule) -> str | None:
        """The oldest rule that does the same; which one must not depend on Ably's order."""
        same = [found for found in self._api.rules(rule.app_id) if rule.is_same(found)]
        if len(same) > 1:
            logger().warning(
                "Several rules do the same: each message is delivered once by each of them",
                extra={"action": "change_rule", "count": len(same)},
            )
        same.sort(key=lambda found: (found.get("created") or 0, str(found["id"])))
        return str(same[0]["id"]) if same else None

    def _changed(self, rule_id: str, rule: Rule) -> str:
        changed = self._api.change(rule_id, rule)
        _log("A rule was brought in line", changed)
        return changed

    def _rules(self, rule: Rule) -> list[dict[str, object]]:
        try:
            return self._api.rules(rule.app_id)
        except ControlNotFoundError:
            return []


def _log(message: str, rule_id: str) -> None:
    logger().info(message, extra={"action": "change_rule", "rule_id": rule_id})
