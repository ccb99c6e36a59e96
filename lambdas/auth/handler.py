"""The auth function: `GET /auth` answers with an Ably TokenRequest for the browser's client id."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.auth.identity import Identity
from lambdas.auth.settings import AuthSettings
from lambdas.auth.tokens import TokenRequests, capability
from lambdas.common.http import Request, Response, respond
from lambdas.common.observability import Handler, count, observed
from lambdas.common.secrets import Secrets


class Auth:
    """One execution environment's auth: settings, and a signer for the key of the moment."""

    def __init__(self, settings: AuthSettings) -> None:
        self.cors = settings.cors
        self._settings = settings
        self._secrets = Secrets()
        self._key: str | None = None

    def get(self, request: Request) -> Response:
        """A fresh TokenRequest, and the cookie that keeps its client id."""
        settings = self._settings
        tokens, identity = self._signers(self._secrets.get(settings.key_secret_arn).strip())
        client_id = identity.client_id(request.cookies)
        token_request = tokens.create(
            client_id=client_id,
            ttl_seconds=settings.token_ttl_seconds,
            capability=capability(
                outgoing_channel=settings.outgoing_channel,
                incoming_channel=settings.incoming_channel,
            ),
        )
        count("TokenRequestsIssued")
        return Response(
            body=token_request,
            # Ably takes each nonce once, so a cached answer would be refused.
            headers={"cache-control": "no-cache, no-store, must-revalidate"},
            cookies=(identity.cookie(client_id, secure=settings.cookie_secure),),
        )

    def _signers(self, api_key: str) -> tuple[TokenRequests, Identity]:
        if api_key != self._key:
            self._tokens = TokenRequests(api_key)
            self._identity = Identity(api_key.partition(":")[2])
            self._key = api_key
        return self._tokens, self._identity


def make_handler(environment: Mapping[str, str]) -> Handler:
    """The Lambda handler; the environment is read at its first request."""

    @cache
    def auth() -> Auth:
        return Auth(AuthSettings.parse(environment))

    def handle(event: Any, _context: LambdaContext) -> dict[str, Any]:
        return respond(event, auth().cors, auth().get)

    return observed(handle, environment)


handler = make_handler(os.environ)
