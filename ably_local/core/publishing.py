"""One publish over REST or realtime: checked, counted, given its serials, delivered.

The order matters. A permanent refusal comes before the rate limits, so that the client does not
retry it. A duplicate is recognised before any delivery. A refused publish leaves no trace.
"""

from dataclasses import dataclass, replace

from ably_local.auth.keys import Identity, random_id
from ably_local.base.errors import AblyError
from ably_local.core.apps import App
from ably_local.core.channels import Channel, check_name, split_name
from ably_local.core.connections import parse_connection_key
from ably_local.messages import message as wire
from ably_local.messages.extras import wants_privilege
from ably_local.messages.history import Publication
from ably_local.messages.idempotency import PublishResult
from ably_local.messages.message import Message
from ably_local.messages.serials import message_serial


@dataclass(frozen=True, kw_only=True)
class Sender:
    """The sender of a publish.

    Attributes:
        connection_id: the realtime connection; None for REST.
        default_id: the id of a publication whose messages have none; None generates a random one.
    """

    identity: Identity
    connection_id: str | None = None
    default_id: str | None = None


def rest_publisher(app: App, identity: Identity, given: object) -> Sender:
    """The sender of a REST body: the REST client, or the connection whose key the messages carry.

    Raises:
        AblyError: 40006, if the key matches no connection or the messages carry several; 40012, if
            the connection belongs to another client than the sender.
    """
    items = given if isinstance(given, list) else [given]
    keys = {str(item.get("connectionKey") or "") for item in items if isinstance(item, dict)}
    if keys <= {""}:
        return Sender(identity=identity)
    parsed = parse_connection_key(keys.pop())
    connection = app.connections.get(parsed[0]) if parsed else None
    if keys or parsed is None or connection is None or connection.secret != parsed[1]:
        raise AblyError(40006, 400, "invalid connectionKey; it matches no live connection")
    theirs = connection.identity.client_id
    client_id = identity.resolve_client_id(None if theirs == "*" else theirs)
    return Sender(identity=replace(identity, client_id=client_id), connection_id=connection.id)


def publish(app: App, channel_name: str, given: object, publisher: Sender) -> PublishResult:
    """Publish the decoded body: one message, or an array of messages as one unit.

    Raises:
        AblyError: if the publish is refused as a whole.
    """
    _, name = split_name(check_name(channel_name))
    identity = publisher.identity
    identity.require(name, "publish")
    if name.startswith("[meta]"):
        raise AblyError(40160, 401, "operation not permitted; [meta] channels are read-only")
    items = wire.parse_all(given, most=app.limits.batch_messages)
    _check(app, name, items, identity)
    channel = app.channel(name)
    first_id = items[0].get("id")
    duplicate = channel.window.find(first_id) if first_id else None
    _admit(app, channel, len(items))
    if duplicate is not None:
        return duplicate
    return _accept(app, channel, items, publisher)


def announce(app: App, channel_name: str, name: str, data: str) -> None:
    """Publish a message from the server itself, such as on `[meta]log`."""
    message: Message = {"name": name, "data": data, "encoding": "json"}
    _accept(app, app.channel(channel_name), [message], None)


def run_rules(app: App, source: str, channel_name: str, publication: Publication) -> None:
    """Pass a publication to every rule that it matches."""
    if channel_name.startswith("[meta]"):
        return
    for rule in app.rules.values():
        if rule.matches(source, channel_name):
            for event in rule.events(channel_name, publication):
                app.invoke(rule, event)


def _admit(app: App, channel: Channel, count: int) -> None:
    """Count a publish against all rates, or against none if one is used up."""
    if not channel.rate.take():
        msg = "rate limit exceeded; publishes on one channel, metric = channel.maxRate"
        raise AblyError(42913, 429, msg)
    try:
        app.account.admit_messages(count)
    except AblyError:
        channel.rate.give_back()
        raise


def _check(app: App, name: str, items: list[Message], identity: Identity) -> None:
    for item in items:
        client_id = identity.resolve_client_id(item.get("clientId"))
        if client_id is not None:
            item["clientId"] = client_id
        if wants_privilege(item):
            identity.require(name, "privileged-headers")
    size = wire.size(items)
    limit = app.limits.message_bytes
    if size > limit:
        msg = f"maximum message length exceeded (size was {size} bytes, limit is {limit} bytes)"
        raise AblyError(40009, 413, msg)


def _accept(
    app: App, channel: Channel, items: list[Message], publisher: Sender | None
) -> PublishResult:
    serial = app.serials.next()
    given_id = items[0].get("id")
    publication_id = _base(given_id) if given_id else _default_id(publisher)
    for index, item in enumerate(items):
        item.setdefault("id", f"{publication_id}:{index}")
        item["serial"] = message_serial(serial, index)
        item["action"] = 0
    publication = Publication(
        kind="messages",
        id=publication_id,
        serial=serial,
        timestamp_ms=app.clock.now_ms(),
        items=items,
        connection_id=publisher.connection_id if publisher else None,
    )
    result = PublishResult(message_id=publication_id, serials=[item["serial"] for item in items])
    if given_id:
        channel.window.remember(given_id, result)
    if app.audit is not None:
        app.audit.setdefault(channel.name, []).extend(publication.history_items())
    ephemeral = wire.is_ephemeral(items)
    channel.deliver(publication, remember=not ephemeral)
    if not ephemeral:
        run_rules(app, "channel.message", channel.name, publication)
    return result


def _base(first_id: str) -> str:
    return first_id.removesuffix(":0")


def _default_id(publisher: Sender | None) -> str:
    given = publisher.default_id if publisher else None
    return given or f"{random_id(10)}:0"
