"""The workers of one function: reused while they are usable, started on demand, and replaced.

An invocation that finds all workers busy starts a new one, up to the function's concurrency, and
runs on the worker that is free first. A short burst therefore does not wait for processes to load
that it does not need in the end.
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
    """Runs each invocation on a free worker, in the order of arrival."""

    def __init__(self, function: Function, make_worker: Callable[[Function], Worker]) -> None:
        self.function = function
        self._make_worker = make_worker
        # The most recently used worker comes first: its caches are warm.
        self._idle: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        self._all: set[Worker] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._pending = 0

    def prewarm(self) -> None:
        """Start one worker ahead of the first invocation."""
        self._start_worker()

    def admit(self) -> None:
        """Check that another synchronous invocation may run or wait.

        Raises:
            TooManyInvocationsError: if all workers are busy and the waiting limit is reached.
        """
        all_busy = self._idle.empty() and len(self._all) >= self.function.max_concurrency
        if all_busy and self._pending >= self.function.max_waiting:
            raise TooManyInvocationsError("Rate Exceeded.")

    async def run(self, invocation: Invocation) -> Outcome:
        """Run an invocation as soon as a worker is free."""
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
        """Kill all workers, including busy ones."""
        for task in list(self._starting):
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._all))
        self._all.clear()
        while not self._idle.empty():
            self._idle.get_nowait()

    async def _take(self) -> Worker:
        self._pending += 1
        try:
            while True:
                self._grow()
                worker = await self._idle.get()
                # A worker that failed to load its handler is used too: it reports the reason.
                if worker.usable or not worker.was_ready:
                    return worker
                await self._discard(worker)
        finally:
            self._pending -= 1

    def _grow(self) -> None:
        coming = self._idle.qsize() + len(self._starting)
        if coming < self._pending and len(self._all) < self.function.max_concurrency:
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
            logger.exception("start of a worker of %s failed", self.function.name)
        # Also a failed worker: it reports the failure, so that no invocation waits for it.
        self._idle.put_nowait(worker)

    async def _discard(self, worker: Worker) -> None:
        await worker.stop()
        self._all.discard(worker)
        self._grow()
