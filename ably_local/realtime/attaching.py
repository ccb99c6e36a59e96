"""Attach and detach: modes, rewind, and the continuity of a returning client.

A client that sends its last channelSerial gets the publications that it missed, from the channel's
history, and the flag RESUMED. If the history may have dropped some of them, the client gets
neither, and so learns of the loss.
"""

import re
from typing import Any

from ably_local.auth.keys import Identity, random_id
from ably_local.base.codec import encode
from ably_local.base.errors import AblyError, NotSupportedError
from ably_local.base.protocol import MODE_OPERATIONS, UNSUPPORTED_MODES, Action, Flag
from ably_local.core.apps import App
from ably_local.core.channels import Attachment, Channel, check_name, split_name
from ably_local.core.connections import Connection
from ably_local.messages.history import Publication
from ably_local.messages.message import for_json
from ably_local.realtime.membership import leave_all

MAX_REWIND = 100
MAX_REWIND_MS = 120_000

_DEFAULT_MODES = Flag.PRESENCE | Flag.PUBLISH | Flag.SUBSCRIBE | Flag.PRESENCE_SUBSCRIBE
_ALL_MODES = _DEFAULT_MODES | Flag.ANNOTATION_PUBLISH
_DURATION = re.compile(r"(\d{1,9})([smh]?)")
_COUNT = re.compile(r"\d{1,9}")
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000}


def attach(app: App, connection: Connection, message: dict[str, Any]) -> None:
    """Handle ATTACH.

    Raises:
        AblyError: the channel fails; 40160, if no mode is granted.
    """
    name = check_name(message.get("channel"))
    params, base = split_name(name)
    params.update(_text_params(message.get("params")))
    _refuse_unsupported(params, base)
    requested = _requested(message, params)
    modes = _granted(connection.identity, base, requested)
    rewind = _Rewind(params)
    if name not in connection.attachments:
        _check_count(app, connection)
    channel = app.channel(base)
    channel.log.trim(app.clock.now_ms())
    _remove_attachment(connection, name)
    attachment = Attachment(
        connection, channel, name=name, requested=requested, modes=modes, params=params
    )
    missed = _missed(app, channel, message.get("channelSerial"))
    backlog, truncated = missed or [], False
    if missed is None and rewind and not _is_reattach(message):
        backlog, truncated = rewind.of(channel, app.clock.now_ms())
    flags = modes
    flags |= Flag.RESUMED if missed is not None else Flag(0)
    flags |= Flag.HAS_BACKLOG if backlog else Flag(0)
    syncs = bool(channel.members) and bool(modes & Flag.PRESENCE_SUBSCRIBE)
    flags |= Flag.HAS_PRESENCE if syncs else Flag(0)
    connection.send(
        Action.ATTACHED,
        channel=name,
        # A resumed client keeps its own position until it has received what it missed.
        channelSerial=channel.log.head if missed is None else message["channelSerial"],
        flags=int(flags),
        params={key: value for key, value in params.items() if key in _KNOWN_PARAMS},
        error=_truncation().info() if truncated else None,
    )
    _catch_up(attachment, backlog)
    channel.attachments[attachment] = None
    connection.attachments[name] = attachment
    if syncs:
        _sync(connection, channel, name)


def _check_count(app: App, connection: Connection) -> None:
    limit = app.limits.connection_channels
    if len(connection.attachments) >= limit:
        msg = f"maximum number of channels per connection ({limit}) exceeded"
        raise AblyError(90010, 400, msg)


def detach(app: App, connection: Connection, message: dict[str, Any]) -> None:
    """Handle DETACH; members that the connection entered on the channel leave."""
    name = check_name(message.get("channel"))
    attachment = _remove_attachment(connection, name)
    if attachment is not None:
        leave_all(app, attachment.channel, connection)
    connection.send(Action.DETACHED, channel=name)


def resync(connection: Connection, message: dict[str, Any]) -> None:
    """Handle SYNC: send the members again, from the first page on."""
    name = check_name(message.get("channel"))
    attachment = connection.attachments.get(name)
    if attachment is None:
        connection.send(Action.DETACHED, channel=name)
    elif attachment.modes & Flag.PRESENCE_SUBSCRIBE:
        _sync(connection, attachment.channel, name)


def reapply_capability(connection: Connection) -> None:
    """Apply a changed capability to the existing attachments."""
    for name, attachment in list(connection.attachments.items()):
        try:
            modes = _granted(connection.identity, attachment.channel.name, attachment.requested)
        except AblyError as error:
            _remove_attachment(connection, name)
            connection.send(Action.ERROR, channel=name, error=error.info())
            continue
        if modes != attachment.modes:
            gained, attachment.modes = modes & ~attachment.modes, modes
            connection.send(
                Action.ATTACHED,
                channel=name,
                channelSerial=attachment.channel.log.head,
                flags=int(modes | Flag.RESUMED),
            )
            if gained & Flag.PRESENCE_SUBSCRIBE and attachment.channel.members:
                _sync(connection, attachment.channel, name)


# Deltas only reduce the size: a subscriber that accepts them accepts whole messages as well, and
# this server sends only whole messages.
_KNOWN_PARAMS = frozenset({"rewind", "rewindLimit", "modes", "agent", "delta"})


class _Rewind:
    """The backlog that a newly attaching client asks for."""

    def __init__(self, params: dict[str, str]) -> None:
        given = params.get("rewind")
        self.most, self.span_ms = 0, 0
        if given is None:
            return
        match = _DURATION.fullmatch(given)
        limit = params.get("rewindLimit", str(MAX_REWIND))
        if match is None or not _COUNT.fullmatch(limit):
            raise AblyError(40003, 400, f"invalid channel parameter rewind {given!r}")
        if match[2]:
            self.span_ms = min(int(match[1]) * _UNIT_MS[match[2]], MAX_REWIND_MS)
            self.most = min(int(limit), MAX_REWIND)
        else:
            self.most = min(int(match[1]), MAX_REWIND)

    def __bool__(self) -> bool:
        return self.most > 0

    def of(self, channel: Channel, now_ms: int) -> tuple[list[Publication], bool]:
        """The backlog, and whether the requested time span exceeded the limit."""
        since_ms = now_ms - self.span_ms if self.span_ms else 0
        backlog, more = channel.log.rewind(most=self.most, since_ms=since_ms)
        return backlog, more and self.span_ms > 0


def _missed(app: App, channel: Channel, serial: object) -> list[Publication] | None:
    if not isinstance(serial, str) or not app.serials.knows(serial):
        return None
    return channel.log.since(serial)


def _is_reattach(message: dict[str, Any]) -> bool:
    """Whether the client was attached before, as it says; rewind needs a first attach."""
    flags = message.get("flags")
    return isinstance(flags, int) and bool(flags & Flag.ATTACH_RESUME)


def _catch_up(attachment: Attachment, backlog: list[Publication]) -> None:
    for publication in backlog:
        attachment.deliver(publication)
        publication.forget_frames()


def _sync(connection: Connection, channel: Channel, name: str) -> None:
    for page in channel.members.sync_pages(random_id(8)):
        if connection.format == "json":
            page["presence"] = list(map(for_json, page["presence"]))
        message = {"action": Action.SYNC, "channel": name, **page}
        connection.send_frame(encode(message, connection.format))


def _remove_attachment(connection: Connection, name: str) -> Attachment | None:
    attachment = connection.attachments.pop(name, None)
    if attachment is not None:
        attachment.channel.attachments.pop(attachment, None)
    return attachment


def _requested(message: dict[str, Any], params: dict[str, str]) -> Flag:
    flags = message.get("flags")
    requested = (
        Flag(flags & int(_ALL_MODES | _unsupported_mask())) if isinstance(flags, int) else None
    )
    if "modes" in params:
        try:
            named = [Flag[mode.strip().upper()] for mode in params["modes"].split(",")]
        except KeyError as error:
            raise AblyError(40003, 400, "invalid channel parameter modes") from error
        requested = Flag(sum(set(named)))
    for mode, feature in UNSUPPORTED_MODES.items():
        if requested and requested & mode:
            raise NotSupportedError(f"{feature} (channel mode {mode.name})")
    return requested or _ALL_MODES


def _granted(identity: Identity, channel: str, requested: Flag) -> Flag:
    granted = Flag(0)
    for mode, operation in MODE_OPERATIONS.items():
        if requested & mode and identity.allows(channel, operation):
            granted |= mode
    if not granted:
        msg = f"channel denied access based on given capability; channelId = {channel}"
        raise AblyError(40160, 401, msg)
    return granted


def _refuse_unsupported(params: dict[str, str], base: str) -> None:
    if "occupancy" in params:
        raise NotSupportedError("occupancy events (channel parameter occupancy)")
    if base.startswith("[filter=") or "filter" in params:
        raise NotSupportedError("subscription filters (qualifier filter)")


def _text_params(given: object) -> dict[str, str]:
    return {key: str(value) for key, value in given.items()} if isinstance(given, dict) else {}


def _unsupported_mask() -> Flag:
    mask = Flag(0)
    for mode in UNSUPPORTED_MODES:
        mask |= mode
    return mask


def _truncation() -> AblyError:
    return AblyError(90004, 400, f"rewind truncated to {MAX_REWIND} messages")
