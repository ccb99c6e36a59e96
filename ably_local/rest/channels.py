"""The REST API of a channel: publish, history, presence and status."""

from collections.abc import Callable
from typing import Any

from ably_local.auth.keys import Identity
from ably_local.base.errors import AblyError, NotSupportedError
from ably_local.core.apps import App
from ably_local.core.channels import check_name, split_name
from ably_local.core.occupancy import channel_details
from ably_local.core.publishing import publish, rest_publisher
from ably_local.http.exchange import Request, Response, page
from ably_local.messages.history import HistoryQuery, Kind
from ably_local.messages.message import Message, for_json

MAX_PAGE = 1000


def publish_messages(app: App, identity: Identity, request: Request, name: str) -> Response:
    """POST /channels/{name}/messages."""
    if request.query.get("_forceNack") == "true":
        raise AblyError(40099, 400, "reserved for artificial errors for testing")
    if request.query.get("enveloped") == "false":
        raise NotSupportedError("publishing without an envelope (enveloped=false)")
    if "ephemeral" in request.query:
        raise NotSupportedError("the parameter ephemeral; set extras.ephemeral")
    if len(request.body) > app.limits.frame_bytes:
        raise AblyError(40009, 413, "maximum message length exceeded; the body is too large")
    body = request.json()
    result = publish(app, name, body, rest_publisher(app, identity, body))
    return Response(
        status=201,
        value={"channel": name, "messageId": result.message_id, "serials": result.serials},
    )


def message_history(app: App, identity: Identity, request: Request, name: str) -> Response:
    """GET /channels/{name}/messages."""
    return _history(app, identity, request, name, "messages")


def presence_history(app: App, identity: Identity, request: Request, name: str) -> Response:
    """GET /channels/{name}/presence/history."""
    return _history(app, identity, request, name, "presence")


def members(app: App, identity: Identity, request: Request, name: str) -> Response:
    """GET /channels/{name}/presence."""
    found = present_members(
        app,
        identity,
        name,
        client_id=request.query.get("clientId"),
        connection_id=request.query.get("connectionId"),
    )
    limit = request.integer("limit", 100, least=1, most=MAX_PAGE)
    start = request.integer("cursor", 0)
    end = start + limit
    cursor = str(end) if end < len(found) else None
    return page(request, rendered(request, found[start:end]), cursor)


def status(app: App, identity: Identity, request: Request, name: str) -> Response:
    """GET /channels/{name}: whether it is active, and its occupancy."""
    del request
    _, name = split_name(check_name(name))
    identity.require(name, "channel-metadata")
    return Response(value=channel_details(name, app.channels.get(name)))


def enumerate_channels(app: App, identity: Identity, request: Request) -> Response:
    """GET /channels: the active channels, by name.

    Calls run one after the other, so none is refused as concurrent (42912).
    """
    identity.require("*", "channel-metadata")
    by = request.query.get("by") or ("id" if request.version >= 3 else "value")
    if by not in ("id", "value"):
        raise AblyError(40003, 400, "invalid parameter by; it must be id or value")
    limit = request.integer("limit", 100, least=1, most=MAX_PAGE)
    prefix, after = request.query.get("prefix", ""), request.query.get("cursor", "")
    names = sorted(
        name
        for name, channel in app.channels.items()
        if channel.is_open and not channel.is_meta and name > after and name.startswith(prefix)
    )
    found, more = names[:limit], len(names) > limit
    values: list[Any] = list(found)
    if by == "value":
        values = [channel_details(name, app.channels[name]) for name in found]
    return page(request, values, found[-1] if more else None)


def present_members(
    app: App, identity: Identity, name: str, **filters: str | None
) -> list[Message]:
    """The members of a channel, optionally of one `client_id` or `connection_id`.

    Raises:
        AblyError: 40010, if the name is invalid; 40160, if `subscribe` is not granted.
    """
    _, name = split_name(check_name(name))
    identity.require(name, "subscribe")
    channel = app.channels.get(name)
    return channel.members.present(**filters) if channel else []


def _history(app: App, identity: Identity, request: Request, name: str, kind: Kind) -> Response:
    _, name = split_name(check_name(name))
    identity.require(name, "history")
    query = _query(request)
    channel = app.channels.get(name)
    if channel is None:
        return page(request, [], None)
    channel.log.trim(app.clock.now_ms())
    items, cursor = channel.log.page(kind, query)
    return page(request, rendered(request, items), cursor)


def _query(request: Request) -> HistoryQuery:
    direction = request.query.get("direction", "backwards")
    if direction not in ("backwards", "forwards"):
        raise AblyError(40003, 400, "invalid parameter direction; it must be backwards or forwards")
    query = HistoryQuery(
        start_ms=request.integer("start", 0),
        end_ms=request.integer("end", 2**62),
        forwards=direction == "forwards",
        limit=request.integer("limit", 100, least=1, most=MAX_PAGE),
        up_to=request.query.get("from_serial") or request.query.get("fromSerial"),
        cursor=request.query.get("cursor"),
    )
    if query.start_ms > query.end_ms:
        raise AblyError(40003, 400, "invalid parameter end; it is before start")
    return query


def rendered(request: Request, items: list[Message]) -> list[Message]:
    """Messages or members in the format that the client asks for."""
    return list(map(for_json, items)) if request.response_format == "json" else items


CHANNEL_ROUTES: dict[tuple[str, ...], Callable[[App, Identity, Request, str], Response]] = {
    ("GET",): status,
    ("POST", "messages"): publish_messages,
    ("GET", "messages"): message_history,
    ("GET", "presence"): members,
    ("GET", "presence", "history"): presence_history,
}
