"""Asynchronous invocation: accepted at once, tried again after a failure, dead-lettered at last.

Events live in memory: those that are unfinished when the service stops are gone, and counted in
the log.
"""

import asyncio
import logging
import time
from typing import Protocol

from local.lambda_service.errors import TooManyInvocationsError
from local.lambda_service.function import Function
from local.lambda_service.invocation import Invocation, Outcome
from local.lambda_service.pool import WorkerPool

logger = logging.getLogger(__name__)


class DeadLetters(Protocol):
    """Where events go that failed for good."""

    async def send(self, function: Function, invocation: Invocation, outcome: Outcome) -> None:
        """Keep the event with the reason of its last failure."""


class EventQueue:
    """The unfinished events of one function."""

    def __init__(self, pool: WorkerPool, dead_letters: DeadLetters) -> None:
        self._pool = pool
        self._dead_letters = dead_letters
        self._unfinished: set[asyncio.Task[None]] = set()

    def accept(self, invocation: Invocation) -> None:
        """Take over an event and return at once.

        Raises:
            TooManyInvocationsError: the queue is full.
        """
        if len(self._unfinished) >= self._pool.function.max_queued:
            raise TooManyInvocationsError("Rate Exceeded.")
        task = asyncio.create_task(self._deliver(invocation), name=invocation.request_id)
        self._unfinished.add(task)
        task.add_done_callback(self._finished)

    async def stop(self) -> None:
        """Give up what is unfinished."""
        if self._unfinished:
            logger.warning("%d asynchronous events given up", len(self._unfinished))
        for task in list(self._unfinished):
            task.cancel()
        await asyncio.gather(*self._unfinished, return_exceptions=True)

    async def _deliver(self, invocation: Invocation) -> None:
        function = self._pool.function
        give_up_at = time.monotonic() + function.max_event_age_seconds
        outcome = await self._pool.run(invocation)
        for delay_seconds in function.retry_delays_seconds:
            if not outcome.failed or time.monotonic() + delay_seconds > give_up_at:
                break
            await asyncio.sleep(delay_seconds)
            outcome = await self._pool.run(invocation)
        if outcome.failed:
            await self._dead_letters.send(function, invocation, outcome)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._unfinished.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("event %s was lost", task.get_name(), exc_info=task.exception())
