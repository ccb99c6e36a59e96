"""Time for the core: a clock that is handed in, and timers that run only when they are told to.

The shell sleeps until `Timers.next_ms` and calls `Timers.run_due`; a test steps its own clock.
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
    """One scheduled action; `cancel` is safe at any time and more than once."""

    __slots__ = ("action", "at_ms")

    def __init__(self, at_ms: int, action: Callable[[], None]) -> None:
        self.at_ms = at_ms
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Make sure that the action does not run any more."""
        self.action = None


class Timers:
    """Actions by due time; equal times run in the order they were scheduled.

    Attributes:
        on_sooner: called when the next due time has moved forward, so that a sleeper wakes.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.on_sooner: Callable[[], None] = lambda: None
        self._heap: list[tuple[int, int, Timer]] = []
        self._order = itertools.count()
        self._purge_at = SMALLEST_PURGE

    def __len__(self) -> int:
        """How many timers are held; of the cancelled ones, at most as many as of the others."""
        return len(self._heap)

    def call_in(self, delay_ms: int, action: Callable[[], None]) -> Timer:
        """Schedule `action`, `delay_ms` from now."""
        return self.call_at(self.clock.now_ms() + delay_ms, action)

    def call_at(self, at_ms: int, action: Callable[[], None]) -> Timer:
        """Schedule `action` at a time; a time that is past runs at the next `run_due`."""
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
        """Let go of cancelled timers: a token's end may be a day away, its client long gone."""
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
