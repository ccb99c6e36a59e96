"""The limits of an Ably plan, on by default, and rate limiting."""

from dataclasses import dataclass

from ably_local.base.clock import Clock
from ably_local.base.errors import AblyError

KIB = 1024
UNLIMITED = 2**31
FATAL_FACTOR = 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits that the server enforces; where Ably's plans differ, those of Standard.

    Attributes:
        message_bytes: size of one publish: name, clientId, data and extras of all its messages.
        channel_rate: publishes per second on one channel. An array, or one BatchSpec for one
            channel, counts as one.
        connection_rate: publishes per second by one connection; an array counts as one. At twenty
            times this rate the connection is closed.
        frame_rate: protocol messages per second by one connection; above it the connection closes.
        account_message_rate: messages published per second in the whole account.
        connections: concurrent connections, including those that can still be resumed.
        connection_creation_rate: new connections per second.
        connection_channels: channels that one connection is attached to.
        channels: concurrently open channels.
        channel_creation_rate: channels that open per second.
        frame_bytes: size of one WebSocket frame or HTTP body, except for batch requests.
        batch_bytes: size of the body of `POST /messages`.
        batch_channels: distinct channels in one `POST /messages`.
        batch_messages: messages in one BatchSpec, and in one array of any other publish.
        presence_members: members of one channel.
        waiting_bytes: frames queued for one client that does not read; above it the client is
            disconnected.
        history_ms: how long a channel keeps its messages without persistence.
        history_messages: how many messages a channel keeps at most, persisted or not.
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
        """No limits on size or rate; the history limits remain, so that memory stays bounded."""
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
    """A rate limit with a burst of one second: an idle channel accepts `rate` publishes together.

    A refused publish uses up nothing, so a publisher that backs off succeeds as soon as the rate
    allows. Ably calls the limit an instantaneous local rate; a bucket of one second implements it.
    """

    __slots__ = ("_clock", "_level", "_rate", "_updated_ms")

    def __init__(self, rate: int, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._level = float(rate)
        self._updated_ms = clock.now_ms()

    def take(self, count: int = 1) -> bool:
        """Count events; returns False, and counts nothing, when the rate is used up.

        A full bucket accepts more than one second's worth; the excess delays later events.
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
        """Undo the count of one event that was refused for another reason."""
        self._level += 1


class InboundRates:
    """The rate limits of one connection's sends."""

    __slots__ = ("_flood", "_frames", "_limits", "_publishes")

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._publishes = TokenBucket(limits.connection_rate, clock)
        self._flood = TokenBucket(limits.connection_rate * FATAL_FACTOR, clock)
        self._frames = TokenBucket(limits.frame_rate, clock)

    def refuse_frame(self, *, publishes: bool) -> AblyError | None:
        """The error that ends the connection for this protocol message, or None."""
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
            AblyError: 42911, if the rate is exceeded; the connection stays open.
        """
        if not self._publishes.take():
            msg = "rate limit exceeded; request rejected (nonfatal)"
            raise AblyError(42911, 429, f"{msg}; metric = connection.inboundRate")
