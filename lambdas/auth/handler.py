"""The auth function: `GET /auth` returns an Ably TokenRequest for the browser's client id.

A deploy invokes it without a request: it then checks whether the Ably API key can be used.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.auth import api_key_preflight
from lambdas.auth.endpoint import AuthEndpoint
from lambdas.auth.settings import AuthSettings
from lambdas.common.http import respond
from lambdas.common.observability import Handler, observed
from lambdas.common.secrets import Secrets


def make_handler(environment: Mapping[str, str]) -> Handler:
    """The Lambda handler; it reads the environment at its first request."""

    @cache
    def endpoint() -> AuthEndpoint:
        return AuthEndpoint(AuthSettings.parse(environment), Secrets())

    def handle(event: Any, _context: LambdaContext) -> dict[str, Any]:
        if not event:  # a request is never empty
            api_key_preflight.check(AuthSettings.parse(environment), Secrets())
            return {}
        return respond(event, endpoint().cors, endpoint().get)

    return observed(handle, environment)


handler = make_handler(os.environ)
