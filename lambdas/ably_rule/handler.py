"""The ably_rule function: CloudFormation creates, changes and deletes an Ably rule by it.

CloudFormation waits for an answer and not for the function's end: whatever happens, one is sent. A
failure names what to do, and the stack is rolled back.
"""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.ably_rule.backoff import Backoff
from lambdas.ably_rule.cloudformation import ChangeRequest, answer
from lambdas.ably_rule.control_api import REQUEST_SECONDS, ControlApi
from lambdas.ably_rule.errors import ControlTokenError
from lambdas.ably_rule.lifecycle import NO_RULE, Lifecycle
from lambdas.ably_rule.rule import Rule
from lambdas.ably_rule.settings import RuleSettings
from lambdas.common.errors import FunctionError, SecretUnavailableError
from lambdas.common.observability import Handler, logger, observed
from lambdas.common.secrets import Secrets

# Kept from the function's time for the last request to Ably and for the answer.
_RESERVE_SECONDS = 2 * REQUEST_SECONDS + 5


def make_handler(environment: Mapping[str, str], *, first_pause_seconds: float = 1.0) -> Handler:
    """The Lambda handler; environment and secret are read at each request."""

    def handle(event: Any, context: LambdaContext) -> None:
        request = ChangeRequest.from_event(event)

        def left_seconds() -> float:
            return context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS

        backoff = Backoff(first_seconds=first_pause_seconds, left_seconds=left_seconds)
        physical_id, problem = request.physical_id or NO_RULE, None
        try:
            physical_id = _carry_out(request, environment, backoff)
        except Exception as exc:  # noqa: BLE001  # the top: CloudFormation waits for an answer
            problem = _problem(exc)
            if request.kind == "Delete" and physical_id == NO_RULE:
                # The Create failed, most likely for the same cause: the roll back must not.
                problem = None
        answer(request, physical_id=physical_id, problem=problem, backoff=backoff)

    return observed(handle, environment)


def _carry_out(request: ChangeRequest, environment: Mapping[str, str], backoff: Backoff) -> str:
    """Do what is asked; the rule's id."""
    settings = RuleSettings.parse(environment)
    rule = Rule.from_properties(request.properties)
    api = ControlApi(settings.control_api_url, _token(settings), backoff=backoff)
    lifecycle = Lifecycle(api, backoff=backoff)
    match request.kind:
        case "Create":
            return lifecycle.create(rule)
        case "Update":
            before = Rule.from_properties(request.old_properties)
            return lifecycle.update(request.physical_id, rule, before)
        case _:
            lifecycle.delete(request.physical_id, rule)
            return request.physical_id


def _token(settings: RuleSettings) -> str:
    secret = settings.token_secret_arn
    try:
        token = Secrets().read(secret).strip()
    except SecretUnavailableError as exc:
        raise ControlTokenError(
            f"the access token of Ably's Control API cannot be read ({exc}): put one with the "
            f"capabilities read:rule and write:rule into it by `aws secretsmanager "
            f"put-secret-value --secret-id {secret} --secret-string file://token`, and deploy again"
        ) from exc
    # Not quoted: http.client's own complaint about such a header would.
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise ControlTokenError(
            f"the secret {secret} holds no access token of Ably's Control API, which is one line "
            "without spaces: put the token into it, and deploy again"
        )
    return token


def _problem(exc: Exception) -> str:
    code = exc.code if isinstance(exc, FunctionError) else type(exc).__name__
    logger().error(
        "The rule could not be brought in line",
        exc_info=None if isinstance(exc, FunctionError) else exc,
        extra={"action": "change_rule", "error_code": code},
    )
    if isinstance(exc, FunctionError):
        return str(exc)
    return f"the function ably_rule failed unexpectedly ({code}); its log has the trace"


handler = make_handler(os.environ)
