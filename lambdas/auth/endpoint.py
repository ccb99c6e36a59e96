"""`GET /auth`: determines the browser's client id and signs a TokenRequest for it."""

from lambdas.auth.identity import Identity
from lambdas.auth.settings import AuthSettings
from lambdas.auth.subject import subject
from lambdas.auth.tokens import TokenRequests, capability
from lambdas.common.http import Request, Response
from lambdas.common.observability import count
from lambdas.common.secrets import Secrets


class AuthEndpoint:
    """Auth in one execution environment: its settings, and a signer for the current key."""

    def __init__(self, settings: AuthSettings, secrets: Secrets) -> None:
        self.cors = settings.cors
        self._settings = settings
        self._secrets = secrets
        self._key: str | None = None

    def get(self, request: Request) -> Response:
        """A new TokenRequest; an anonymous browser also gets the cookie that keeps its client id.

        Raises:
            UnauthenticatedError: the stage requires a login, and the request has none.
        """
        settings = self._settings
        tokens, identity = self._signers(self._secrets.get(settings.key_secret_arn).strip())
        if settings.signed_in:
            client_id, cookies = subject(request.claims), tuple[str, ...]()
        else:
            client_id = identity.client_id(request.cookies)
            cookies = (identity.cookie(client_id, secure=settings.cookie_secure),)
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
            # Ably accepts each nonce once, so it would refuse a cached answer.
            headers={"cache-control": "no-cache, no-store, must-revalidate"},
            cookies=cookies,
        )

    def _signers(self, api_key: str) -> tuple[TokenRequests, Identity]:
        if api_key != self._key:
            self._tokens = TokenRequests(api_key)
            self._identity = Identity(api_key.partition(":")[2])
            self._key = api_key
        return self._tokens, self._identity
