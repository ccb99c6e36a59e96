"""The REST API: routes a request to the function that answers it, and authenticates it."""

from collections.abc import Callable

from ably_local.auth.control_tokens import authenticate
from ably_local.auth.keys import Identity
from ably_local.base.errors import AblyError, NotSupportedError
from ably_local.control.router import Control
from ably_local.core.apps import App
from ably_local.core.service import Service
from ably_local.faults.admin import FaultAdmin
from ably_local.http import cors, exchange
from ably_local.http.exchange import Request, Response
from ably_local.rest.batch import batch_presence, publish_batch
from ably_local.rest.channels import CHANNEL_ROUTES, enumerate_channels
from ably_local.rest.keys import request_token, revoke_tokens
from ably_local.rest.provisioning import create_test_app, delete_test_app

_UNSUPPORTED = {
    "stats": "statistics",
    "push": "push notifications",
    "event-stream": "server-sent events",
    "sse": "server-sent events",
    "comet": "the comet transport; use transports: ['web_socket']",
}

_UNSUPPORTED_PARTS = {
    "annotations": "annotations",
    "client-summary": "annotations",
    "versions": "message versions",
    "object": "LiveObjects",
    "objects": "LiveObjects",
}

_APP_ROUTES: dict[tuple[str, str], Callable[[App, Identity, Request], Response]] = {
    ("POST", "messages"): publish_batch,
    ("GET", "channels"): enumerate_channels,
    ("GET", "presence"): batch_presence,
}


# The Control API, the admin endpoint for faults, and test apps: for tools, not for web pages.
_ADMINISTRATION = {"v1", "faults", "apps"}


def is_administration(request: Request) -> bool:
    """Whether a request is of a kind that web pages have no reason to make."""
    return request.segments[0] in _ADMINISTRATION


class Rest:
    """Handles every HTTP request that is not a WebSocket.

    Attributes:
        provisioning: whether `POST /apps` creates test apps without credentials.
    """

    def __init__(
        self,
        service: Service,
        *,
        fault_admin: FaultAdmin | None = None,
        provisioning: bool = False,
    ) -> None:
        self.provisioning = provisioning
        self._service = service
        self._control = Control(service)
        self._fault_admin = fault_admin

    def handle(self, request: Request) -> Response:
        """Answer a request; errors become responses."""
        if request.method == "OPTIONS":
            return cors.preflight(request)
        try:
            response = self._route(request)
        except AblyError as error:
            response = exchange.failure(error)
        if "envelope" in request.query:
            response = exchange.envelope(response)
        return response

    def _route(self, request: Request) -> Response:
        match request.method, request.segments:
            case _, ["v1", *rest]:
                return self._control.handle(request, rest)
            case _, ["faults", *rest] if self._fault_admin is not None:
                authenticate(self._service.control_tokens, request)
                return self._fault_admin.handle(request, rest)
            case ("POST", ["apps"]) | ("DELETE", ["apps", _]):
                return self._test_app(request)
            case _, ["channels", channel, *rest] if channel:
                return self._channel(request, channel, rest)
        return self._others(request)

    def _others(self, request: Request) -> Response:
        match request.method, request.segments:
            case "GET", ["time"]:
                return Response(value=[self._service.clock.now_ms()])
            case "POST", ["keys", key_name, "requestToken"]:
                return request_token(self._service, request, key_name)
            case "POST", ["keys", key_name, "revokeTokens"]:
                return revoke_tokens(self._service, request, key_name)
            case method, [name] if (method, name) in _APP_ROUTES:
                return _APP_ROUTES[method, name](*self._authenticate(request), request)
        feature = _UNSUPPORTED.get(request.segments[-1]) or _UNSUPPORTED.get(request.segments[0])
        if feature is None:
            raise exchange.not_found(request)
        self._authenticate(request)  # unauthorised callers get that error first
        raise NotSupportedError(feature)

    def _test_app(self, request: Request) -> Response:
        if not self.provisioning:
            raise AblyError(
                40300,
                403,
                "test apps are off: start with python -m ably_local --provisioning, "
                "or in Python with provisioning=True",
            )
        if request.method == "POST":
            return create_test_app(self._service, request)
        return delete_test_app(self._service, request, request.segments[1])

    def _channel(self, request: Request, channel: str, rest: list[str]) -> Response:
        for part in rest:
            if part in _UNSUPPORTED_PARTS and len(rest) != 2:
                raise NotSupportedError(_UNSUPPORTED_PARTS[part])
        if rest[:1] == ["messages"] and len(rest) > 1:
            raise NotSupportedError("single messages: get, update, delete and append")
        handler = CHANNEL_ROUTES.get((request.method, *rest))
        if handler is None:
            raise exchange.not_found(request)
        app, identity = self._authenticate(request)
        return handler(app, identity, request, channel)

    def _authenticate(self, request: Request) -> tuple[App, Identity]:
        key, token = exchange.credentials(request)
        if key is not None:
            identity = self._service.identify_key(key)
            named = request.headers.get("x-ably-clientid")
            identity = identity.with_client_id(exchange.decode_base64(named) if named else None)
        elif token is not None:
            identity = self._service.identify_token(token)
        else:
            raise AblyError(40106, 401, "no authentication information provided")
        return self._service.app(identity.app_id), identity
