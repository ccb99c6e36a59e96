"""Presence membership: enter, update and leave."""

from typing import Any

from ably_local.auth.keys import random_id
from ably_local.base.errors import AblyError
from ably_local.base.protocol import Flag, PresenceAction
from ably_local.core.apps import App
from ably_local.core.channels import Channel, check_name
from ably_local.core.connections import Connection
from ably_local.core.publishing import run_rules
from ably_local.messages import message as wire
from ably_local.messages.history import Publication
from ably_local.messages.message import Message

_ACTIONS = {
    PresenceAction.PRESENT: PresenceAction.ENTER,
    PresenceAction.ENTER: PresenceAction.ENTER,
    PresenceAction.UPDATE: PresenceAction.UPDATE,
    PresenceAction.LEAVE: PresenceAction.LEAVE,
}


def apply(app: App, connection: Connection, message: dict[str, Any]) -> None:
    """Apply a client's PRESENCE message: all of its enters, updates and leaves, or none.

    Raises:
        AblyError: 91000, without a client id; 91001, if the channel is not attached; 91003, if the
            channel is full; 40160, without the capability.
    """
    name = check_name(message.get("channel"))
    attachment = connection.attachments.get(name)
    if attachment is None:
        raise AblyError(91001, 400, "unable to enter presence channel; the channel is not attached")
    channel = attachment.channel
    connection.identity.require(channel.name, "presence")
    if not attachment.modes & Flag.PRESENCE:
        raise AblyError(40165, 401, "operation not permitted; the mode PRESENCE was not requested")
    given = message.get("presence")
    if not isinstance(given, list) or not given:
        raise AblyError(40001, 400, "invalid presence message; there is no member")
    items = [_parse(connection, item) for item in given]
    _check(app, channel, connection, items)
    _apply(app, channel, connection, items, f"{connection.id}:{message.get('msgSerial', 0)}")


def leave_all(app: App, channel: Channel, connection: Connection) -> None:
    """Remove every member that the connection entered on the channel.

    The ids do not start with the connection's id: this shows clients that the server made them.
    """
    connection.presence_channels.pop(channel, None)
    gone = channel.members.of_connection(connection.id)
    items: list[Message] = []
    for client_id in gone:
        known = channel.members.find(connection.id, client_id) or {}
        kept: Message = {key: known[key] for key in ("data", "encoding") if key in known}
        items.append({"action": PresenceAction.LEAVE, "clientId": client_id, **kept})
    if items:
        _apply(app, channel, connection, items, f"{random_id(10)}:0")


def _parse(connection: Connection, given: object) -> Message:
    if not isinstance(given, dict):
        raise AblyError(40001, 400, "invalid presence message; it is not an object")
    action = given.get("action")
    if action not in _ACTIONS:
        raise AblyError(40003, 400, "invalid presence message; unknown action")
    fields = ("id", "clientId", "data", "encoding", "extras")
    item = wire.parse({name: given.get(name) for name in fields})
    client_id = connection.identity.resolve_client_id(item.get("clientId"))
    if client_id is None:
        raise AblyError(91000, 400, "unable to enter presence channel; clientId is missing")
    return {**item, "clientId": client_id, "action": _ACTIONS[PresenceAction(action)]}


def _check(app: App, channel: Channel, connection: Connection, items: list[Message]) -> None:
    size = wire.size(items)
    if size > app.limits.message_bytes:
        raise AblyError(40009, 413, f"maximum message length exceeded (size was {size} bytes)")
    entering = {
        item["clientId"]
        for item in items
        if item["action"] != PresenceAction.LEAVE
        and channel.members.find(connection.id, item["clientId"]) is None
    }
    if len(channel.members) + len(entering) > app.limits.presence_members:
        raise AblyError(91003, 400, "unable to enter presence channel; too many members")


def _apply(
    app: App,
    channel: Channel,
    connection: Connection,
    items: list[Message],
    publication_id: str,
) -> None:
    now = app.clock.now_ms()
    events: list[Message] = []
    for index, item in enumerate(items):
        item.setdefault("id", f"{publication_id}:{index}")
        item["connectionId"] = connection.id
        item["timestamp"] = now
        if _change(channel, connection.id, item):
            events.append(item)
    if channel.members.of_connection(connection.id):
        connection.presence_channels[channel] = None
    if not events:
        return
    publication = Publication(
        kind="presence",
        id=publication_id,
        serial=app.serials.next(),
        timestamp_ms=now,
        items=events,
        connection_id=connection.id,
    )
    channel.deliver(publication)
    run_rules(app, "channel.presence", channel.name, publication)


def _change(channel: Channel, connection_id: str, item: Message) -> bool:
    """Change the set; returns False if there is no change to deliver to others."""
    client_id = item["clientId"]
    known = channel.members.find(connection_id, client_id)
    if item["action"] == PresenceAction.LEAVE:
        channel.members.remove(connection_id, client_id)
        return known is not None
    if known is not None and known["id"] == item["id"]:
        # A resumed client enters its members again, although they never left.
        return False
    item["action"] = PresenceAction.ENTER if known is None else PresenceAction.UPDATE
    channel.members.put(connection_id, client_id, item)
    return True
