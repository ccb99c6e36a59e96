"""Backoff: how often and for how long to retry after a transient failure."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Attempts with growing, jittered pauses between them, all within one deadline.

    Attributes:
        attempts: the maximum number of attempts.
        first_seconds: the pause after the first attempt; each later pause is twice as long.
        left_seconds: returns the time left for pauses and the attempts after them.
    """

    attempts: int = 5
    first_seconds: float = 1.0
    left_seconds: Callable[[], float] = lambda: float("inf")
    sleep: Callable[[float], None] = time.sleep

    def within(self, left_seconds: Callable[[], float]) -> "Backoff":
        """The same with another deadline."""
        return replace(self, left_seconds=left_seconds)

    def tries(self) -> Iterator[int]:
        """Yield the number of each attempt, from 1; pauses before every attempt but the first."""
        for attempt in range(1, self.attempts + 1):
            yield attempt
            pause = self.first_seconds * 2 ** (attempt - 1) * random.uniform(0.5, 1)  # noqa: S311  # spreads load, no secret
            if attempt == self.attempts or pause >= self.left_seconds():
                return
            self.sleep(pause)
