"""REST of one channel: publish, history, presence and status."""

from collections.abc import Callable

from local.ably.apps import App
from local.ably.channels import check_name, split_name
from local.ably.errors import AblyError, NotSupportedError
from local.ably.history import HistoryQuery, Kind
from local.ably.http import Request, Response, page
from local.ably.keys import Identity
from local.ably.messages import for_json
from local.ably.protocol import Flag
from local.ably.publishing import publish, rest_publisher

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
    _, name = split_name(check_name(name))
    identity.require(name, "subscribe")
    limit = request.integer("limit", 100, least=1, most=MAX_PAGE)
    start = request.integer("cursor", 0)
    channel = app.channels.get(name)
    found = (
        channel.members.present(
            client_id=request.query.get("clientId"),
            connection_id=request.query.get("connectionId"),
        )
        if channel
        else []
    )
    end = start + limit
    cursor = str(end) if end < len(found) else None
    return page(request, _rendered(request, found[start:end]), cursor)


def status(app: App, identity: Identity, request: Request, name: str) -> Response:
    """GET /channels/{name}: whether it is active, and its occupancy."""
    del request
    _, name = split_name(check_name(name))
    identity.require(name, "channel-metadata")
    channel = app.channels.get(name)
    attached = list(channel.attachments) if channel else []
    subscribers = [each for each in attached if each.modes & Flag.SUBSCRIBE]
    presence_subscribers = [each for each in attached if each.modes & Flag.PRESENCE_SUBSCRIBE]
    count = len(channel.members) if channel else 0
    metrics = {
        "connections": len({each.subscriber.id for each in attached}),
        "publishers": sum(1 for each in attached if each.modes & Flag.PUBLISH),
        "subscribers": len(subscribers),
        "presenceConnections": sum(1 for each in attached if each.modes & Flag.PRESENCE),
        "presenceMembers": count,
        "presenceSubscribers": len(presence_subscribers),
        "objectPublishers": 0,
        "objectSubscribers": 0,
    }
    state = {"isActive": channel is not None, "occupancy": {"metrics": metrics}}
    return Response(value={"channelId": name, "status": state})


def _history(app: App, identity: Identity, request: Request, name: str, kind: Kind) -> Response:
    _, name = split_name(check_name(name))
    identity.require(name, "history")
    query = _query(request)
    channel = app.channels.get(name)
    if channel is None:
        return page(request, [], None)
    channel.log.trim(app.clock.now_ms())
    items, cursor = channel.log.page(kind, query)
    return page(request, _rendered(request, items), cursor)


def _query(request: Request) -> HistoryQuery:
    direction = request.query.get("direction", "backwards")
    if direction not in ("backwards", "forwards"):
        raise AblyError(40003, 400, "invalid parameter direction; backwards or forwards")
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


def _rendered(request: Request, items: list[dict[str, object]]) -> list[dict[str, object]]:
    return list(map(for_json, items)) if request.response_format == "json" else items


CHANNEL_ROUTES: dict[tuple[str, ...], Callable[[App, Identity, Request, str], Response]] = {
    ("GET",): status,
    ("POST", "messages"): publish_messages,
    ("GET", "messages"): message_history,
    ("GET", "presence"): members,
    ("GET", "presence", "history"): presence_history,
}
