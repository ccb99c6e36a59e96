"""The ably_rule function: CloudFormation uses it to create, change and delete an Ably rule."""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.ably_rule.control_api import ControlApi
from lambdas.ably_rule.errors import ControlTokenError
from lambdas.ably_rule.lifecycle import NO_RULE, Lifecycle
from lambdas.ably_rule.rule import Rule
from lambdas.ably_rule.settings import RuleSettings
from lambdas.common import custom_resource
from lambdas.common.backoff import Backoff
from lambdas.common.cloudformation import ChangeRequest
from lambdas.common.errors import SecretUnavailableError
from lambdas.common.observability import Handler, observed
from lambdas.common.secrets import Secrets


def make_handler(environment: Mapping[str, str], *, first_pause_seconds: float = 1.0) -> Handler:
    """The Lambda handler; it reads the environment and the secret at each request."""

    def handle(event: Any, context: LambdaContext) -> None:
        custom_resource.serve(
            event,
            context,
            lambda request, backoff: _carry_out(request, environment, backoff),
            no_id=NO_RULE,
            backoff=Backoff(first_seconds=first_pause_seconds),
        )

    return observed(handle, environment)


def _carry_out(request: ChangeRequest, environment: Mapping[str, str], backoff: Backoff) -> str:
    """Carry out the request; returns the rule's id."""
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
            f"the access token of Ably's Control API cannot be read ({exc}): put a token with the "
            f"capabilities read:rule and write:rule into the secret with `aws secretsmanager "
            f"put-secret-value --secret-id {secret} --secret-string file://token`, and deploy again"
        ) from exc
    # http.client would quote the token in its error message for such a header.
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise ControlTokenError(
            f"the secret {secret} does not contain an access token of Ably's Control API, which is "
            "one line without spaces: put the token into it, and deploy again"
        )
    return token


handler = make_handler(os.environ)
