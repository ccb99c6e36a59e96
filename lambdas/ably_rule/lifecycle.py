"""The life cycle of one rule: create or find it, update it, delete it.

The rule's id is the resource's physical id. CloudFormation may repeat any request, and sends a
Delete after a failed Create. So each step checks which rules exist and relies on no earlier step.
"""

from lambdas.ably_rule.control_api import ControlApi
from lambdas.ably_rule.errors import ControlNotFoundError, ControlUnavailableError
from lambdas.ably_rule.rule import Rule
from lambdas.common.backoff import Backoff
from lambdas.common.observability import logger

# The physical id of a failed Create. No rule has it: their ids are letters, digits and dashes.
NO_RULE = "no.rule"


class Lifecycle:
    """Carries out one request of CloudFormation."""

    def __init__(self, api: ControlApi, *, backoff: Backoff) -> None:
        self._api = api
        self._backoff = backoff

    def create(self, rule: Rule) -> str:
        """Return the id of an equivalent rule if the app has one, else of a new rule.

        Raises:
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        failure: ControlUnavailableError | None = None
        for _ in self._backoff.tries():
            # The previous attempt may have created the rule although it failed.
            if found := self._find(rule):
                return self._changed(found, rule)
            try:
                rule_id = self._api.create(rule)
            except ControlUnavailableError as exc:
                failure = exc
            else:
                _log("rule created", rule_id)
                return rule_id
        if failure is None:
            raise AssertionError("there is at least one attempt")
        raise failure

    def update(self, rule_id: str, rule: Rule, before: Rule) -> str:
        """Return the rule's id after the change; if it differs, CloudFormation deletes the old one.

        Raises:
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        if (rule.app_id, rule.rule_type) == (before.app_id, before.rule_type):
            try:
                return self._changed(rule_id, rule)
            except ControlNotFoundError:
                _log("rule missing, replacing it", rule_id)
        return self.create(rule)

    def delete(self, rule_id: str, rule: Rule) -> None:
        """Delete the rule; it may be gone already.

        Raises:
            FunctionError: see `lambdas.ably_rule.errors`.
        """
        if rule_id == NO_RULE:
            # A Create that failed without a response may have created the rule.
            ids = [str(found["id"]) for found in self._rules(rule) if rule.is_of_this_stack(found)]
        else:
            ids = [rule_id]
        for found_id in ids:
            try:
                self._api.delete(rule.app_id, found_id)
            except ControlNotFoundError:
                _log("rule already gone", found_id)
            else:
                _log("rule deleted", found_id)

    def _find(self, rule: Rule) -> str | None:
        """The oldest equivalent rule: the choice must not depend on the order of Ably's list."""
        same = [found for found in self._api.rules(rule.app_id) if rule.is_same(found)]
        if len(same) > 1:
            logger().warning(
                "duplicate rules found, each of them delivers every message",
                extra={"action": "change_rule", "count": len(same)},
            )
        same.sort(key=lambda found: (found.get("created") or 0, str(found["id"])))
        return str(same[0]["id"]) if same else None

    def _changed(self, rule_id: str, rule: Rule) -> str:
        changed = self._api.change(rule_id, rule)
        _log("rule updated", changed)
        return changed

    def _rules(self, rule: Rule) -> list[dict[str, object]]:
        try:
            return self._api.rules(rule.app_id)
        except ControlNotFoundError:
            return []


def _log(message: str, rule_id: str) -> None:
    logger().info(message, extra={"action": "change_rule", "rule_id": rule_id})
