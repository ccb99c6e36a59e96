"""The two-minute window in which publishes with the same id count as one publish."""

from collections import deque
from dataclasses import dataclass

from ably_local.base.clock import Clock

WINDOW_MS = 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishResult:
    """The result of a publish, as the publisher receives it.

    Attributes:
        message_id: the id of the publication: the id of its first message, without the index.
        serials: one for each message, in order.
    """

    message_id: str
    serials: list[str]


class IdempotencyWindow:
    """A channel's publishes by the id of their first message, each kept for two minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._results: dict[str, PublishResult] = {}
        self._order: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        return len(self._results)

    def find(self, first_id: str) -> PublishResult | None:
        """The result of the publish with this id, if it is within the window."""
        self.trim()
        return self._results.get(first_id)

    def remember(self, first_id: str, result: PublishResult) -> None:
        """Record an accepted publish."""
        self._results[first_id] = result
        self._order.append((self._clock.now_ms() + WINDOW_MS, first_id))

    def trim(self) -> None:
        """Drop publishes that have left the window."""
        now = self._clock.now_ms()
        while self._order and self._order[0][0] <= now:
            self._results.pop(self._order.popleft()[1], None)
