"""The workers of one function: reused while they live, more on demand, replaced when spent.

An invocation that finds all workers busy has a new one started, up to the function's concurrency,
and runs on whichever is free first: a burst does not wait for processes to load that it turns out
not to need.
"""

import asyncio
import logging
from collections.abc import Callable

from local.lambda_service.errors import TooManyInvocationsError
from local.lambda_service.function import Function
from local.lambda_service.invocation import Invocation, Outcome
from local.lambda_service.worker import Worker

logger = logging.getLogger(__name__)


class WorkerPool:
    """Runs invocations, each on a worker of its own; they wait in the order of arrival."""

    def __init__(self, function: Function, make_worker: Callable[[Function], Worker]) -> None:
        self.function = function
        self._make_worker = make_worker
        # The last one used comes first: its caches are warm, the others may go cold.
        self._idle: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        self._all: set[Worker] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._waiting = 0

    def prewarm(self) -> None:
        """Start one worker ahead of the first invocation."""
        self._start_worker()

    def admit(self) -> None:
        """Check that one more synchronous invocation may run or wait.

        Raises:
            TooManyInvocationsError: all workers are busy, and as many wait as may.
        """
        all_busy = self._idle.empty() and len(self._all) >= self.function.max_concurrency
        if all_busy and self._waiting >= self.function.max_waiting:
            raise TooManyInvocationsError("Rate Exceeded.")

    async def run(self, invocation: Invocation) -> Outcome:
        """Run one invocation as soon as a worker is free."""
        worker = await self._take()
        try:
            outcome = await worker.invoke(invocation)
        except asyncio.CancelledError:
            await self._discard(worker)
            raise
        if worker.usable:
            self._idle.put_nowait(worker)
        else:
            await self._discard(worker)
        return outcome

    async def stop(self) -> None:
        """Kill all workers, whatever they are doing."""
        for task in list(self._starting):
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._all))
        self._all.clear()
        while not self._idle.empty():
            self._idle.get_nowait()

    async def _take(self) -> Worker:
        self._waiting += 1
        try:
            while True:
                self._grow()
                worker = await self._idle.get()
                # One that could not load its handler is taken: it has the reason to tell.
                if worker.usable or not worker.was_ready:
                    return worker
                await self._discard(worker)
        finally:
            self._waiting -= 1

    def _grow(self) -> None:
        coming = self._idle.qsize() + len(self._starting)
        if coming < self._waiting and len(self._all) < self.function.max_concurrency:
            self._start_worker()

    def _start_worker(self) -> None:
        worker = self._make_worker(self.function)
        self._all.add(worker)
        task = asyncio.create_task(self._load(worker), name=f"{self.function.name} starts")
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _load(self, worker: Worker) -> None:
        try:
            await worker.start()
        except OSError:
            logger.exception("unable to start a worker of %s", self.function.name)
        # Also one that failed: whoever takes it is told why, rather than kept waiting.
        self._idle.put_nowait(worker)

    async def _discard(self, worker: Worker) -> None:
        await worker.stop()
        self._all.discard(worker)
        self._grow()
