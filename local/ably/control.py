"""The Control API under /v1: the account, its apps, their keys, namespaces and rules."""

from typing import Any, TypeVar

from local.ably import capabilities, control_rules
from local.ably.apps import App, Namespace
from local.ably.control_fields import Fields, control_error
from local.ably.control_tokens import ControlToken, authenticate
from local.ably.errors import AblyError, NotSupportedError
from local.ably.http import Request, Response
from local.ably.keys import Key, generate_key
from local.ably.service import Service

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


T = TypeVar("T")


class Control:
    """Answers the requests of one account's bearer token."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def handle(self, request: Request, path: list[str]) -> Response:
        """Answer a request; `path` is what follows /v1."""
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
                return self._one_app(request, self._service.app(app_id))
            case ["apps", app_id, "keys" | "namespaces" | "rules" as what, *rest]:
                _require(token, request, what.removesuffix("s"))
                return self._of_app(request, self._service.app(app_id), what, rest)
            case ["apps", _, "queues" | "stats" | "pkcs12", *_] | ["accounts", _, "stats"]:
                raise NotSupportedError("queues, stats and push certificates")
        raise AblyError(40400, 404, f"no such resource: {request.method} /v1/{'/'.join(path)}")

    def _of_app(self, request: Request, app: App, what: str, rest: list[str]) -> Response:
        match what:
            case "keys":
                return _keys(self._service, request, app, rest)
            case "namespaces":
                return _namespaces(request, app, rest)
        return control_rules.handle(request, app, rest)

    def _me(self, token: ControlToken) -> dict[str, Any]:
        capabilities = list(token.capabilities)
        return {
            "token": {"id": token.id, "name": token.name, "capabilities": capabilities},
            "user": {"id": 1, "email": "developer@localhost"},
            "account": {"id": self._service.account_id, "name": "local"},
        }

    def _apps(self, request: Request) -> Response:
        service = self._service
        if request.method == "GET":
            return Response(value=[_app(service, app) for app in service.apps.values()])
        if request.method != "POST":
            raise _wrong_method()
        fields = Fields(request.object())
        name = fields.text("name")
        fields.take("status", str)
        _refuse_tls_only(fields)
        fields.ignore(*_IGNORED_APP_FIELDS)
        fields.done()
        app = service.create_app(name)
        return Response(status=201, value=_app(service, app))

    def _one_app(self, request: Request, app: App) -> Response:
        if request.method == "DELETE":
            self._service.delete_app(app)
            return Response(status=204)
        if request.method != "PATCH":
            raise _wrong_method()
        fields = Fields(request.object())
        name = fields.take("name", str)
        status = fields.take("status", str)
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


def _keys(service: Service, request: Request, app: App, rest: list[str]) -> Response:
    match request.method, rest:
        case "GET", []:
            return Response(value=[_key(key) for key in app.keys.values()])
        case "POST", []:
            key = generate_key(app.id, now_ms=service.clock.now_ms())
            _change_key(key, Fields(request.object()), new=True)
            app.add_key(key)
            return Response(status=201, value=_key(key))
        case "PATCH", [key_id]:
            key = _find(app.keys, key_id)
            _change_key(key, Fields(request.object()), new=False)
            key.modified_ms = service.clock.now_ms()
            return Response(value=_key(key))
        case "POST", [key_id, "revoke"]:
            key = _find(app.keys, key_id)
            key.enabled = False
            for connection in list(app.connections.values()):
                if connection.identity.key is key:
                    connection.fail(AblyError(40131, 401, "key revoked"))
            return Response(value={})
    raise _wrong_method()


def _change_key(key: Key, fields: Fields, *, new: bool) -> None:
    name = fields.text("name") if new else fields.take("name", str)
    given = fields.take("capability", dict, list)
    if new and given is None:
        raise AblyError(40000, 422, "capability is required")
    revocable = fields.take("revocableTokens", bool)
    fields.done()
    if given is not None:
        # Older clients send a list of operations, for all channels.
        capability = given if isinstance(given, dict) else {"*": given}
        key.capability = capabilities.parse(capability)
    key.name = name or key.name
    key.revocable_tokens = key.revocable_tokens if revocable is None else revocable


def _namespaces(request: Request, app: App, rest: list[str]) -> Response:
    now = app.clock.now_ms()
    match request.method, rest:
        case "GET", []:
            return Response(value=[_namespace(app, each) for each in app.namespaces.values()])
        case "POST", []:
            fields = Fields(request.object())
            namespace = Namespace(id=fields.text("id"), created_ms=now, modified_ms=now)
            _change_namespace(namespace, fields)
            app.namespaces[namespace.id] = namespace
            return Response(status=201, value=_namespace(app, namespace))
        case "PATCH", [namespace_id]:
            namespace = _find(app.namespaces, namespace_id)
            _change_namespace(namespace, Fields(request.object()))
            namespace.modified_ms = now
            return Response(value=_namespace(app, namespace))
        case "DELETE", [namespace_id]:
            _find(app.namespaces, namespace_id)
            del app.namespaces[namespace_id]
            return Response(status=204)
    raise _wrong_method()


def _change_namespace(namespace: Namespace, fields: Fields) -> None:
    persisted = fields.take("persisted", bool)
    for name in (
        "persistLast",
        "mutableMessages",
        "batchingEnabled",
        "conflationEnabled",
        "pushEnabled",
    ):
        if fields.take(name, bool):
            raise NotSupportedError(f"namespaces with {name}")
    fields.ignore(
        "authenticated",
        "tlsOnly",
        "exposeTimeserial",
        "populateChannelRegistry",
        "batchingInterval",
        "conflationInterval",
        "conflationKey",
    )
    fields.done()
    namespace.persisted = namespace.persisted if persisted is None else persisted


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


def _key(key: Key) -> dict[str, Any]:
    return {
        "appId": key.app_id,
        "id": key.key_id,
        "name": key.name,
        "status": 0 if key.enabled else 1,
        "key": key.text,
        "capability": key.capability,
        "revocableTokens": key.revocable_tokens,
        "created": key.created_ms,
        "modified": key.modified_ms,
    }


def _namespace(app: App, namespace: Namespace) -> dict[str, Any]:
    return {
        "id": namespace.id,
        "appId": app.id,
        "persisted": namespace.persisted,
        "authenticated": False,
        "persistLast": False,
        "pushEnabled": False,
        "tlsOnly": False,
        "exposeTimeserial": False,
        "mutableMessages": False,
        "populateChannelRegistry": False,
        "batchingEnabled": False,
        "conflationEnabled": False,
        "created": namespace.created_ms,
        "modified": namespace.modified_ms,
    }


def _find(known: dict[str, T], name: str) -> T:
    if name not in known:
        raise AblyError(40400, 404, "not found")
    return known[name]


def _wrong_method() -> AblyError:
    return AblyError(40500, 404, "no such operation")
