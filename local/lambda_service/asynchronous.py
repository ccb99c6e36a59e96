"""Asynchronous invocation: queued, retried after a failure, and finally dead-lettered.

Events are kept in memory. When the service stops, unfinished events are lost; it logs their number.
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
    """The destination of events whose last retry failed."""

    async def send(self, function: Function, invocation: Invocation, outcome: Outcome) -> None:
        """Send the event with the reason of its last failure."""


class EventQueue:
    """The unfinished events of one function."""

    def __init__(self, pool: WorkerPool, dead_letters: DeadLetters) -> None:
        self._pool = pool
        self._dead_letters = dead_letters
        self._unfinished: set[asyncio.Task[None]] = set()

    def accept(self, invocation: Invocation) -> None:
        """Queue an event and return without waiting for it.

        Raises:
            TooManyInvocationsError: if the queue is full.
        """
        if len(self._unfinished) >= self._pool.function.max_queued:
            raise TooManyInvocationsError("Rate Exceeded.")
        task = asyncio.create_task(self._deliver(invocation), name=invocation.request_id)
        self._unfinished.add(task)
        task.add_done_callback(self._finished)

    async def stop(self) -> None:
        """Drop the unfinished events."""
        if self._unfinished:
            logger.warning("%d asynchronous events dropped", len(self._unfinished))
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
            logger.error("event %s lost", task.get_name(), exc_info=task.exception())
