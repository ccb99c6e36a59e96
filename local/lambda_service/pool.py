"""The workers of one function: reused while they live, grown on demand, replaced when spent."""

import asyncio
from collections.abc import Callable

from local.lambda_service.errors import TooManyInvocationsError
from local.lambda_service.function import Function
from local.lambda_service.invocation import Invocation, Outcome
from local.lambda_service.worker import Worker


class WorkerPool:
    """Runs invocations, each on a worker of its own; waits for one in the order of arrival."""

    def __init__(self, function: Function, make_worker: Callable[[Function], Worker]) -> None:
        self.function = function
        self._make_worker = make_worker
        self._slots = asyncio.Semaphore(function.max_concurrency)
        self._waiting = 0
        # The last one used comes first: its caches are warm, the others may go cold.
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()

    async def prewarm(self) -> None:
        """Start one worker ahead of the first invocation."""
        self._idle.append(await self._start_worker())

    def admit(self) -> None:
        """Check that one more synchronous invocation may wait.

        Raises:
            TooManyInvocationsError: as many wait as may.
        """
        if self._slots.locked() and self._waiting >= self.function.max_waiting:
            raise TooManyInvocationsError("Rate Exceeded.")

    async def run(self, invocation: Invocation) -> Outcome:
        """Run one invocation as soon as a worker is free."""
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            return await self._run_on_worker(invocation)
        finally:
            self._slots.release()

    async def stop(self) -> None:
        """Kill all workers, whatever they are doing."""
        self._idle.clear()
        await asyncio.gather(*(worker.stop() for worker in list(self._all)))
        self._all.clear()

    async def _run_on_worker(self, invocation: Invocation) -> Outcome:
        worker = await self._take()
        try:
            outcome = await worker.invoke(invocation)
        except asyncio.CancelledError:
            await self._discard(worker)
            raise
        if worker.usable:
            self._idle.append(worker)
        else:
            await self._discard(worker)
        return outcome

    async def _take(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.usable:
                return worker
            await self._discard(worker)
        return await self._start_worker()

    async def _start_worker(self) -> Worker:
        worker = self._make_worker(self.function)
        self._all.add(worker)
        await worker.start()
        return worker

    async def _discard(self, worker: Worker) -> None:
        self._all.discard(worker)
        await worker.stop()
