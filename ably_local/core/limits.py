"""The limits of an Ably plan, on by default, and the accounting of rates."""

from dataclasses import dataclass

from ably_local.base.clock import Clock
from ably_local.base.errors import AblyError

KIB = 1024
UNLIMITED = 2**31
FATAL_FACTOR = 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the server refuses to go beyond; where Ably's plans differ, that of Standard.

    Attributes:
        message_bytes: one publish: name, clientId, data and extras of all its messages.
        channel_rate: publishes per second on one channel. An array, or one BatchSpec for one
            channel, counts once.
        connection_rate: publishes per second by one connection, an array counted once; at twenty
            times that the connection is ended.
        frame_rate: protocol messages per second by one connection, which beyond that is ended.
        account_message_rate: messages published per second by all.
        connections: at a time, those included that may still be resumed.
        connection_creation_rate: new connections per second.
        connection_channels: that one connection is attached to.
        channels: open at a time.
        channel_creation_rate: channels that open per second.
        frame_bytes: one WebSocket frame or HTTP body, except of a batch.
        batch_bytes: the body of `POST /messages`.
        batch_channels: distinct channels in one `POST /messages`.
        batch_messages: messages in one BatchSpec, and in one array of any other publish.
        presence_members: members of one channel.
        waiting_bytes: frames that wait for one client which does not read; beyond, it is cut off.
        history_ms: how long a channel that is not persisted remembers its messages.
        history_messages: how many messages a channel remembers at most, persisted or not.
    """

    message_bytes: int = 64 * KIB
    channel_rate: int = 50
    connection_rate: int = 50
    frame_rate: int = 2000
    account_message_rate: int = 2500
    connections: int = 10_000
    connection_creation_rate: int = 250
    connection_channels: int = 200
    channels: int = 10_000
    channel_creation_rate: int = 250
    frame_bytes: int = 512 * KIB
    batch_bytes: int = 2 * KIB * KIB
    batch_channels: int = 100
    batch_messages: int = 1000
    presence_members: int = 200
    waiting_bytes: int = 64 * KIB * KIB
    history_ms: int = 120_000
    history_messages: int = 20_000

    @classmethod
    def off(cls) -> "Limits":
        """Nothing refused for its size or rate; memory stays bounded by the history."""
        return cls(
            message_bytes=UNLIMITED,
            channel_rate=UNLIMITED,
            connection_rate=UNLIMITED,
            frame_rate=UNLIMITED,
            account_message_rate=UNLIMITED,
            connections=UNLIMITED,
            connection_creation_rate=UNLIMITED,
            connection_channels=UNLIMITED,
            channels=UNLIMITED,
            channel_creation_rate=UNLIMITED,
            frame_bytes=64 * KIB * KIB,
            batch_bytes=64 * KIB * KIB,
            batch_channels=UNLIMITED,
            batch_messages=UNLIMITED,
            presence_members=UNLIMITED,
        )


class TokenBucket:
    """A rate with one second's worth of burst: an idle channel takes `rate` publishes at once.

    A refused publish costs nothing, so a publisher that backs off gets in as soon as the rate
    allows. Ably names the limit an instantaneous local rate; a bucket of one second is that.
    """

    __slots__ = ("_clock", "_level", "_rate", "_updated_ms")

    def __init__(self, rate: int, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._level = float(rate)
        self._updated_ms = clock.now_ms()

    def take(self, count: int = 1) -> bool:
        """Count events; False, with nothing counted, when the rate is used up.

        More at once than a second allows pass when nothing was used, and are paid for later.
        """
        if self._rate >= UNLIMITED:
            return True
        now = self._clock.now_ms()
        earned = max(0, now - self._updated_ms) * self._rate / 1000
        self._level = min(float(self._rate), self._level + earned)
        self._updated_ms = now
        if self._level < min(count, self._rate):
            return False
        self._level -= count
        return True

    def give_back(self) -> None:
        """Uncount one event, which was refused for another reason."""
        self._level += 1


class InboundRates:
    """How fast one connection may send."""

    __slots__ = ("_flood", "_frames", "_limits", "_publishes")

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._publishes = TokenBucket(limits.connection_rate, clock)
        self._flood = TokenBucket(limits.connection_rate * FATAL_FACTOR, clock)
        self._frames = TokenBucket(limits.frame_rate, clock)

    def refuse_frame(self, *, publishes: bool) -> AblyError | None:
        """Why the connection has to end for sending this protocol message, if it has to."""
        if not self._frames.take():
            msg = f"inbound protocol message rate exceeded {self._limits.frame_rate}/s"
            return AblyError(42924, 429, f"connection terminated for abuse ({msg})")
        if publishes and not self._flood.take():
            msg = "connection terminated; per-connection publish rate limit exceeded"
            return AblyError(42921, 429, msg)
        return None

    def admit_publish(self) -> None:
        """Count a publish.

        Raises:
            AblyError: 42911, there are too many a second; the connection stays.
        """
        if not self._publishes.take():
            msg = "rate limit exceeded; request rejected (nonfatal)"
            raise AblyError(42911, 429, f"{msg}; metric = connection.inboundRate")
