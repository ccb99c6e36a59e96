"""Runs the core's timers: sleeps until the next is due, and runs it."""

import asyncio
import contextlib

from ably_local.base.clock import Timers

# The system clock may be set while the loop sleeps, so each sleep is short.
LONGEST_SLEEP_SECONDS = 1.0


class TimerLoop:
    """Runs due timers between `start` and `stop`."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start running timers on the current event loop."""
        self._timers.on_sooner = self._wake.set
        self._task = asyncio.create_task(self._run(), name="local-ably-timers")

    async def stop(self) -> None:
        """Stop running timers; safe to call twice."""
        task, self._task = self._task, None
        self._timers.on_sooner = lambda: None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            self._timers.run_due()
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds_to_next()):
                    await self._wake.wait()

    def _seconds_to_next(self) -> float:
        next_ms = self._timers.next_ms()
        if next_ms is None:
            return LONGEST_SLEEP_SECONDS
        left = (next_ms - self._timers.clock.now_ms()) / 1000
        return min(max(left, 0.001), LONGEST_SLEEP_SECONDS)
