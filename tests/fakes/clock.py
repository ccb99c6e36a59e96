"""A clock that only moves when a test moves it."""

import asyncio

from connector_task.relay.ports import Wakeable

PATIENCE = 1000  # turns of the event loop
QUIET = 20  # turns in which nobody has moved: more than any step between two waits takes


class FakeClock:
    """See `connector_task.relay.ports.Clock`."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._waits: list[tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self._now

    async def wait(self, event: Wakeable, seconds: float) -> None:
        over = asyncio.Event()
        entry = (self._now + seconds, over)
        self._waits.append(entry)
        tasks = [asyncio.ensure_future(over.wait()), asyncio.ensure_future(_until(event))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waits.remove(entry)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def advance(self, seconds: float) -> None:
        """Let time pass; whoever has waited long enough goes on."""
        self._now += seconds
        for deadline, over in self._waits:
            if deadline <= self._now:
                over.set()

    @property
    def waits(self) -> list[float]:
        """How much longer each wait would last."""
        return [deadline - self._now for deadline, _ in self._waits]

    async def until_waiting(self) -> float:
        """Let everything run until all that is left is waiting; returns for how much longer."""
        before: list[tuple[float, asyncio.Event]] = []
        quiet = 0
        for _ in range(PATIENCE):
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._waits == before else 0
            before = list(self._waits)
            if before and quiet == QUIET:
                return min(self.waits)
        raise AssertionError("nobody has begun to wait")


async def _until(event: Wakeable) -> None:
    await event.wait()
