"""Apps for the SDKs' own test suites, created and deleted as on Ably's sandbox: `POST /apps`.

The body has the format of ably-common's test-app-setup: keys, namespaces, and channels with members
that belong to no connection. All apps share the server's port; a key or token names its app.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from ably_local.auth import capabilities
from ably_local.auth.keys import Key, generate_key, random_id
from ably_local.base.errors import AblyError
from ably_local.base.protocol import PresenceAction
from ably_local.core.apps import App, Namespace
from ably_local.core.channels import check_name
from ably_local.core.limits import Limits
from ably_local.core.service import Service
from ably_local.http import exchange
from ably_local.http.exchange import Request, Response
from ably_local.http.fields import Fields
from ably_local.messages import message as wire
from ably_local.messages.history import Publication
from ably_local.messages.message import Message

MAX_KEYS = 100


def create_test_app(service: Service, request: Request) -> Response:
    """POST /apps: needs no credentials, as on the sandbox."""
    fields = Fields(request.object())
    limits = _limits(fields, service.limits)
    keys, namespaces, channels = (
        fields.objects(name) for name in ("keys", "namespaces", "channels")
    )
    fields.done()
    if len(keys) > MAX_KEYS:
        raise AblyError(40125, 422, f"an app has at most {MAX_KEYS} keys")
    app_id = random_id(6)
    made_keys = [_key(app_id, each, service.clock.now_ms()) for each in keys or [Fields({})]]
    made_namespaces = [_namespace(each, service.clock.now_ms()) for each in namespaces]
    fixtures = [_fixture(each) for each in channels]
    app = service.create_app("test", app_id=app_id, key=made_keys[0], limits=limits)
    for key in made_keys[1:]:
        app.add_key(key)
    for namespace in made_namespaces:
        app.namespaces[namespace.id] = namespace
    for name, members in fixtures:
        _enter(app, name, members)
    return Response(status=201, value=_describe(service, app, request))


def delete_test_app(service: Service, request: Request, app_id: str) -> Response:
    """DELETE /apps/{id}, authenticated by one of the app's keys."""
    shown, _ = exchange.credentials(request)
    if shown is None:
        raise AblyError(40106, 401, "no authentication information provided; use a key of the app")
    if service.identify_key(shown).app_id != app_id:
        raise AblyError(40102, 401, "incompatible credentials; the key is of another app")
    service.delete_app(service.app(app_id))
    return Response(status=204)


def _limits(fields: Fields, usual: Limits) -> Limits:
    given = fields.take("limits", dict)
    if given is None:
        return usual
    limits = Fields(given, within="limits.")
    presence = limits.section("presence")
    members = presence.number("maxMembers")
    presence.done()
    limits.done()
    return usual if members is None else replace(usual, presence_members=members)


def _key(app_id: str, fields: Fields, now_ms: int) -> Key:
    key = generate_key(app_id, now_ms=now_ms)
    given = fields.take("capability", str, dict)
    key.capability = capabilities.parse(given) if given else dict(capabilities.ANYTHING)
    key.revocable_tokens = fields.take("revocableTokens", bool) is True
    fields.ignore("privileged", "expires")
    fields.done()
    return key


def _namespace(fields: Fields, now_ms: int) -> Namespace:
    """A namespace; settings other than `persisted` are refused on use, not here."""
    namespace = Namespace(id=fields.text("id"), created_ms=now_ms, modified_ms=now_ms)
    namespace.persisted = fields.take("persisted", bool) is True
    fields.ignore("pushEnabled", "mutableMessages")
    fields.done()
    return namespace


def _fixture(fields: Fields) -> tuple[str, list[Message]]:
    name = check_name(fields.text("name"))
    members: list[Message] = []
    for given in fields.objects("presence"):
        client_id = given.text("clientId")
        data, encoding = given.take("data", str), given.take("encoding", str)
        given.done()
        item = wire.parse({"data": data, "encoding": encoding})
        members.append({**item, "clientId": client_id, "action": PresenceAction.ENTER})
    fields.done()
    return name, members


def _enter(app: App, name: str, members: list[Message]) -> None:
    """Enter members that belong to no connection, so that none of them ever leaves."""
    if not members:
        return
    channel, connection_id, now = app.channel(name), random_id(10), app.clock.now_ms()
    for index, item in enumerate(members):
        item.update(id=f"{connection_id}:0:{index}", connectionId=connection_id, timestamp=now)
        channel.members.put(connection_id, item["clientId"], item)
    publication = Publication(
        kind="presence",
        id=f"{connection_id}:0",
        serial=app.serials.next(),
        timestamp_ms=now,
        items=members,
        connection_id=connection_id,
    )
    channel.deliver(publication)


def _describe(service: Service, app: App, request: Request) -> dict[str, Any]:
    """The answer of the sandbox, with the address that clients of this app connect to."""
    address = urlsplit(f"//{request.headers.get('host', '')}")
    return {
        "status": 1,
        "created": app.created_ms,
        "modified": app.modified_ms,
        "id": app.id,
        "appId": app.id,
        "accountId": service.account_id,
        "keys": [_describe_key(key) for key in app.keys.values()],
        "namespaces": [
            {"id": each.id, "persisted": each.persisted} for each in app.namespaces.values()
        ],
        "connections": [],
        "channels": [{"name": name} for name in app.channels],
        "endpoint": address.hostname or "localhost",
        "port": address.port or 80,
        "tls": False,
    }


def _describe_key(key: Key) -> dict[str, Any]:
    return {
        "id": key.key_id,
        "value": key.secret,
        "keyName": key.key_name,
        "keySecret": key.secret,
        "keyStr": key.text,
        "capability": capabilities.text(key.capability),
        "revocableTokens": key.revocable_tokens,
        "expires": 0,
        "status": 0,
    }
