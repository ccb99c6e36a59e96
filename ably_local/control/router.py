"""The Control API under /v1: the account and its apps. Other modules handle an app's resources."""

from typing import Any

from ably_local.auth.control_tokens import ControlToken, authenticate
from ably_local.base.errors import AblyError, NotSupportedError
from ably_local.control import keys, namespaces, rules
from ably_local.core.apps import App
from ably_local.core.service import Service
from ably_local.http.exchange import Request, Response
from ably_local.http.fields import MAX_OF_EACH, Fields, control_error, wrong_method

STATUSES = ("enabled", "disabled")
_IGNORED_APP_FIELDS = (
    "fcmKey",
    "fcmServiceAccount",
    "fcmProjectId",
    "apnsCertificate",
    "apnsPrivateKey",
    "apnsUseSandboxEndpoint",
    "apnsAuthType",
    "apnsSigningKey",
    "apnsSigningKeyId",
    "apnsIssuerKey",
    "apnsTopicHeader",
)


class Control:
    """Handles requests to the Control API."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def handle(self, request: Request, path: list[str]) -> Response:
        """Handle a request; `path` is the part after /v1."""
        try:
            token = authenticate(self._service.control_tokens, request)
            return self._route(request, path, token)
        except AblyError as error:
            return control_error(error)

    def _route(self, request: Request, path: list[str], token: ControlToken) -> Response:
        match path:
            case ["me"] if request.method == "GET":
                return Response(value=self._me(token))
            case ["accounts", account_id, "apps"]:
                _require(token, request, "app")
                if account_id != self._service.account_id:
                    raise AblyError(40400, 404, "account not found")
                return self._apps(request)
            case ["apps", app_id]:
                _require(token, request, "app")
                return self._app_resource(request, self._service.app(app_id))
            case ["apps", app_id, "keys" | "namespaces" | "rules" as what, *rest]:
                _require(token, request, what.removesuffix("s"))
                return self._of_app(request, self._service.app(app_id), what, rest)
            case ["apps", _, "queues" | "stats" | "pkcs12", *_] | ["accounts", _, "stats"]:
                raise NotSupportedError("queues, stats and push certificates")
        raise AblyError(40400, 404, f"no such resource: {request.method} /v1/{'/'.join(path)}")

    def _of_app(self, request: Request, app: App, what: str, rest: list[str]) -> Response:
        match what:
            case "keys":
                return keys.handle(request, app, rest)
            case "namespaces":
                return namespaces.handle(request, app, rest)
        return rules.handle(request, app, rest)

    def _me(self, token: ControlToken) -> dict[str, Any]:
        capabilities = list(token.capabilities)
        return {
            "token": {
                "id": token.id,
                "name": token.name,
                "capabilities": capabilities,
                "expires_at": None,
                "last_used_at": None,
            },
            "user": {"id": 1, "email": "developer@localhost"},
            "account": {"id": self._service.account_id, "name": "local"},
        }

    def _apps(self, request: Request) -> Response:
        service = self._service
        if request.method == "GET":
            return Response(value=[_app(service, app) for app in service.apps.values()])
        if request.method != "POST":
            raise wrong_method()
        if len(service.apps) >= MAX_OF_EACH:
            raise AblyError(40128, 422, f"an account has at most {MAX_OF_EACH} apps")
        fields = Fields(request.object())
        name = fields.text("name")
        fields.choice("status", STATUSES)
        _refuse_tls_only(fields)
        fields.ignore(*_IGNORED_APP_FIELDS)
        fields.done()
        app = service.create_app(name)
        return Response(status=201, value=_app(service, app))

    def _app_resource(self, request: Request, app: App) -> Response:
        if request.method == "DELETE":
            self._service.delete_app(app)
            return Response(status=204)
        if request.method != "PATCH":
            raise wrong_method()
        fields = Fields(request.object())
        name = fields.take("name", str)
        status = fields.choice("status", STATUSES)
        _refuse_tls_only(fields)
        fields.ignore(*_IGNORED_APP_FIELDS)
        fields.done()
        app.name = name or app.name
        app.enabled = app.enabled if status is None else status == "enabled"
        app.modified_ms = app.clock.now_ms()
        return Response(value=_app(self._service, app))


def _require(token: ControlToken, request: Request, what: str) -> None:
    token.require("read" if request.method == "GET" else "write", what)


def _refuse_tls_only(fields: Fields) -> None:
    if fields.take("tlsOnly", bool):
        raise NotSupportedError("apps with tlsOnly")


def _app(service: Service, app: App) -> dict[str, Any]:
    return {
        "accountId": service.account_id,
        "id": app.id,
        "name": app.name,
        "status": "enabled" if app.enabled else "disabled",
        "tlsOnly": False,
        "apnsUseSandboxEndpoint": False,
        "created": app.created_ms,
        "modified": app.modified_ms,
        "_links": {"self": f"/v1/apps/{app.id}"},
    }
