"""The two-minute window in which a publish with the same id counts as the same publish."""

from collections import deque
from dataclasses import dataclass

from ably_local.base.clock import Clock

WINDOW_MS = 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishResult:
    """What a publisher is told.

    Attributes:
        message_id: the id of the publication, that is of its first message without the index.
        serials: one for each message, in order.
    """

    message_id: str
    serials: list[str]


class IdempotencyWindow:
    """Publishes of one channel by the id of their first message, for two minutes after each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._results: dict[str, PublishResult] = {}
        self._order: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        return len(self._results)

    def find(self, first_id: str) -> PublishResult | None:
        """The result of the publish with this id, if there was one within the window."""
        self.trim()
        return self._results.get(first_id)

    def remember(self, first_id: str, result: PublishResult) -> None:
        """Note an accepted publish."""
        self._results[first_id] = result
        self._order.append((self._clock.now_ms() + WINDOW_MS, first_id))

    def trim(self) -> None:
        """Forget what has left the window."""
        now = self._clock.now_ms()
        while self._order and self._order[0][0] <= now:
            self._results.pop(self._order.popleft()[1], None)
