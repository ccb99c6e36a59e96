"""The Control API's keys: create, change and revoke them."""

from typing import Any

from ably_local.auth import capabilities
from ably_local.auth.keys import Key, generate_key
from ably_local.base.errors import AblyError
from ably_local.core.apps import App
from ably_local.http.exchange import Request, Response
from ably_local.http.fields import MAX_OF_EACH, Fields, find, wrong_method


def handle(request: Request, app: App, rest: list[str]) -> Response:
    """Handle a request under /v1/apps/{app_id}/keys."""
    match request.method, rest:
        case "GET", []:
            return Response(value=[describe(key) for key in app.keys.values()])
        case "POST", []:
            if len(app.keys) >= MAX_OF_EACH:
                raise AblyError(40127, 422, f"an app has at most {MAX_OF_EACH} keys")
            key = generate_key(app.id, now_ms=app.clock.now_ms())
            _change_key(key, Fields(request.object()), new=True)
            app.add_key(key)
            return Response(status=201, value=describe(key))
        case "PATCH", [key_id]:
            key = find(app.keys, key_id)
            _change_key(key, Fields(request.object()), new=False)
            key.modified_ms = app.clock.now_ms()
            return Response(value=describe(key))
        case "POST", [key_id, "revoke"]:
            key = find(app.keys, key_id)
            key.enabled = False
            for connection in list(app.connections.values()):
                if connection.identity.key is key:
                    connection.fail(AblyError(40131, 401, "key revoked"))
            return Response(value={})
    raise wrong_method()


def describe(key: Key) -> dict[str, Any]:
    """A key as the Control API shows it, including the secret."""
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


def _change_key(key: Key, fields: Fields, *, new: bool) -> None:
    name = fields.text("name") if new else fields.take("name", str)
    given = fields.take("capability", dict, list)
    if new and given is None:
        raise AblyError(40000, 422, "capability is required")
    revocable = fields.take("revocableTokens", bool)
    fields.done()
    if given is not None:
        # Older clients send a list of operations, which then applies to all channels.
        capability = given if isinstance(given, dict) else {"*": given}
        key.capability = capabilities.parse(capability)
    key.name = name or key.name
    key.revocable_tokens = key.revocable_tokens if revocable is None else revocable
