"""Time for the core: a clock that callers pass in, and timers that a caller runs.

`server` sleeps until `Timers.next_ms` and then calls `Timers.run_due`; a test steps its own clock.
"""

import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol

SMALLEST_PURGE = 1024


class Clock(Protocol):
    """Where the core reads the time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


class Timer:
    """One scheduled action; `cancel` may be called at any time, also repeatedly."""

    __slots__ = ("action", "at_ms")

    def __init__(self, at_ms: int, action: Callable[[], None]) -> None:
        self.at_ms = at_ms
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Prevent the action from running again."""
        self.action = None


class Timers:
    """Actions by due time; actions with the same due time run in the order of scheduling.

    Attributes:
        on_sooner: called when the next due time gets earlier, so that a sleeper wakes up.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.on_sooner: Callable[[], None] = lambda: None
        self._heap: list[tuple[int, int, Timer]] = []
        self._order = itertools.count()
        self._purge_at = SMALLEST_PURGE

    def __len__(self) -> int:
        """The number of timers held; at most as many cancelled ones as live ones."""
        return len(self._heap)

    def call_in(self, delay_ms: int, action: Callable[[], None]) -> Timer:
        """Schedule `action` to run in `delay_ms`."""
        return self.call_at(self.clock.now_ms() + delay_ms, action)

    def call_at(self, at_ms: int, action: Callable[[], None]) -> Timer:
        """Schedule `action`; if `at_ms` has passed, the next `run_due` runs it."""
        timer = Timer(at_ms, action)
        sooner = not self._heap or at_ms < self._heap[0][0]
        heapq.heappush(self._heap, (at_ms, next(self._order), timer))
        if len(self._heap) >= self._purge_at:
            self._purge()
        if sooner:
            self.on_sooner()
        return timer

    def next_ms(self) -> int | None:
        """When the next live timer is due, or None."""
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _purge(self) -> None:
        """Drop cancelled timers: a token may expire in a day, long after its client left."""
        self._heap = [entry for entry in self._heap if entry[2].action is not None]
        heapq.heapify(self._heap)
        self._purge_at = max(SMALLEST_PURGE, 2 * len(self._heap))

    def run_due(self) -> None:
        """Run every action that is due now."""
        now = self.clock.now_ms()
        while (at_ms := self.next_ms()) is not None and at_ms <= now:
            timer = heapq.heappop(self._heap)[2]
            action, timer.action = timer.action, None
            if action is not None:
                action()
