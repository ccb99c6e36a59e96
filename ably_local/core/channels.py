"""A channel: its attachments, its history, and the delivery of publications.

A name may carry a qualifier: `[?rewind=1]chat` is the channel `chat` with a parameter, under the
name that the client used. `[meta]log` is a different channel from `log`.
"""

from typing import Protocol
from urllib.parse import parse_qsl

from ably_local.base.clock import Clock
from ably_local.base.codec import Format
from ably_local.base.errors import AblyError
from ably_local.base.protocol import Flag
from ably_local.core.limits import Limits, TokenBucket
from ably_local.messages.history import ChannelLog, Publication
from ably_local.messages.idempotency import IdempotencyWindow
from ably_local.messages.presence import Members

# A channel closes about a minute after its last use.
OPEN_MS = 60_000
PERSISTED_MS = 24 * 3_600_000
MAX_NAME_LENGTH = 2048

_DELIVERY_MODES = {"messages": Flag.SUBSCRIBE, "presence": Flag.PRESENCE_SUBSCRIBE}


class Subscriber(Protocol):
    """The receiving end: a connection that a channel delivers to."""

    id: str
    echo: bool

    @property
    def format(self) -> Format:
        """The encoding of its frames."""

    def send_frame(self, frame: str | bytes) -> None:
        """Send one encoded frame; must not block."""


class Attachment:
    """A connection's attachment to a channel, under the name that the client uses.

    Attributes:
        requested: the modes that the client asked for; `modes` are those of them that were granted.
    """

    __slots__ = ("channel", "modes", "name", "params", "requested", "subscriber")

    def __init__(  # noqa: PLR0913  # the fields of ATTACH and of its answer
        self,
        subscriber: Subscriber,
        channel: "Channel",
        *,
        name: str,
        requested: Flag,
        modes: Flag,
        params: dict[str, str],
    ) -> None:
        self.subscriber = subscriber
        self.channel = channel
        self.name = name
        self.requested = requested
        self.modes = modes
        self.params = params

    def deliver(self, publication: Publication) -> None:
        """Send a publication, unless the modes or the echo setting exclude this subscriber."""
        if not self.modes & _DELIVERY_MODES[publication.kind]:
            return
        subscriber = self.subscriber
        if (
            not subscriber.echo
            and publication.connection_id == subscriber.id
            and publication.kind == "messages"
        ):
            return
        subscriber.send_frame(publication.frame(self.name, subscriber.format))


class Channel:
    """One channel of one app.

    Attributes:
        is_open: whether it counts as active in limits and lifecycle events.
        used_ms: when a client last attached, published or queried it.
    """

    def __init__(
        self, name: str, *, clock: Clock, limits: Limits, birth: str, persisted: bool
    ) -> None:
        self.name = name
        self.log = ChannelLog(
            birth=birth,
            keep_ms=limits.history_ms,
            keep_messages=limits.history_messages,
        )
        self._unpersisted_ms = limits.history_ms
        self.persist(persisted=persisted)
        self.window = IdempotencyWindow(clock)
        self.rate = TokenBucket(limits.channel_rate, clock)
        self.members = Members()
        self.attachments: dict[Attachment, None] = {}
        self.is_open = False
        self.used_ms = clock.now_ms()

    def deliver(self, publication: Publication, *, remember: bool = True) -> None:
        """Deliver a publication to all subscribers and append it to the history."""
        if remember:
            self.log.append(publication)
        for attachment in list(self.attachments):
            attachment.deliver(publication)
        publication.forget_frames()

    @property
    def is_meta(self) -> bool:
        """Whether it is one of the server's metachannels."""
        return self.name.startswith("[meta]")

    def persist(self, *, persisted: bool) -> None:
        """Keep messages for a day, or for the standard time of any channel."""
        self.log.keep_ms = PERSISTED_MS if persisted else self._unpersisted_ms

    def is_idle(self, now_ms: int) -> bool:
        """Whether the channel can be forgotten without losing state."""
        self.log.trim(now_ms)
        self.window.trim()
        return not (self.is_used(now_ms) or self.log or self.window)

    def is_used(self, now_ms: int) -> bool:
        """Whether the channel is in use, or was within the last minute."""
        return bool(self.attachments or self.members) or now_ms < self.used_ms + OPEN_MS


def check_name(name: object) -> str:
    """Check a channel name that a client sent.

    Raises:
        AblyError: 40010, if the name is invalid.
    """
    if not isinstance(name, str) or not name or len(name) > MAX_NAME_LENGTH:
        raise AblyError(40010, 400, "invalid channel name; it is empty, too long or not a string")
    _, base = split_name(name)
    if not base or base.startswith(":") or "\n" in base:
        raise AblyError(40010, 400, f"invalid channel name {name!r}")
    return name


def split_name(name: str) -> tuple[dict[str, str], str]:
    """The parameters of a `[?…]` qualifier, and the channel's name without it.

    Raises:
        AblyError: 40010, if the qualifier is not closed.
    """
    if not name.startswith("["):
        return {}, name
    qualifier, bracket, base = name[1:].partition("]")
    if not bracket:
        raise AblyError(40010, 400, f"invalid channel name {name!r}; the qualifier is not closed")
    qualifier, _, query = qualifier.partition("?")
    params = dict(parse_qsl(query))
    return params, f"[{qualifier}]{base}" if qualifier else base
