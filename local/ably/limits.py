"""The limits of an Ably plan, on by default, and the accounting of rates."""

from dataclasses import dataclass

from local.ably.clock import Clock

KIB = 1024
UNLIMITED = 2**31


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the server refuses to go beyond; the defaults are those of Ably's plans.

    Attributes:
        message_bytes: one publish: name, clientId, data and extras of all its messages.
        channel_rate: publishes per second on one channel. An array, or one BatchSpec for one
            channel, counts once.
        frame_bytes: one WebSocket frame or HTTP body, except of a batch.
        batch_bytes: the body of `POST /messages`.
        batch_channels: distinct channels in one `POST /messages`.
        batch_messages: messages in one BatchSpec, and in one array of any other publish.
        presence_members: members of one channel.
        history_ms: how long a channel that is not persisted remembers its messages.
        history_messages: how many messages a channel remembers at most, persisted or not.
    """

    message_bytes: int = 64 * KIB
    channel_rate: int = 50
    frame_bytes: int = 512 * KIB
    batch_bytes: int = 2 * KIB * KIB
    batch_channels: int = 100
    batch_messages: int = 1000
    presence_members: int = 200
    history_ms: int = 120_000
    history_messages: int = 20_000

    @classmethod
    def off(cls) -> "Limits":
        """Nothing refused for its size or rate; memory stays bounded by the history."""
        return cls(
            message_bytes=UNLIMITED,
            channel_rate=UNLIMITED,
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

    def take(self) -> bool:
        """Count one event; False when the rate is used up."""
        now = self._clock.now_ms()
        earned = max(0, now - self._updated_ms) * self._rate / 1000
        self._level = min(float(self._rate), self._level + earned)
        self._updated_ms = now
        if self._level < 1:
            return False
        self._level -= 1
        return True
