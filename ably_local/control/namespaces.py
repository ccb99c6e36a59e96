"""The Control API's namespaces, called channel rules in Ably's dashboard."""

from typing import Any

from ably_local.base.errors import AblyError, NotSupportedError
from ably_local.core.apps import App, Namespace
from ably_local.http.exchange import Request, Response
from ably_local.http.fields import MAX_OF_EACH, Fields, find, wrong_method


def handle(request: Request, app: App, rest: list[str]) -> Response:
    """Handle a request under /v1/apps/{app_id}/namespaces."""
    now = app.clock.now_ms()
    match request.method, rest:
        case "GET", []:
            return Response(value=[_describe(app, each) for each in app.namespaces.values()])
        case "POST", []:
            fields = Fields(request.object())
            namespace = Namespace(id=fields.text("id"), created_ms=now, modified_ms=now)
            if namespace.id in app.namespaces:
                raise AblyError(40000, 422, "a namespace with this id exists")
            if len(app.namespaces) >= MAX_OF_EACH:
                raise AblyError(40126, 422, f"an app has at most {MAX_OF_EACH} namespaces")
            _change(namespace, fields)
            app.namespaces[namespace.id] = namespace
            app.apply_namespaces()
            return Response(status=201, value=_describe(app, namespace))
        case "PATCH", [namespace_id]:
            namespace = find(app.namespaces, namespace_id)
            _change(namespace, Fields(request.object()))
            app.apply_namespaces()
            namespace.modified_ms = now
            return Response(value=_describe(app, namespace))
        case "DELETE", [namespace_id]:
            find(app.namespaces, namespace_id)
            del app.namespaces[namespace_id]
            app.apply_namespaces()
            return Response(status=204)
    raise wrong_method()


def _change(namespace: Namespace, fields: Fields) -> None:
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


def _describe(app: App, namespace: Namespace) -> dict[str, Any]:
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
