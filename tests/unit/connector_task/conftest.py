"""A relay on fakes, driven step by step."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from connector_task.relay.leadership import Leadership
from connector_task.relay.limits import BatchLimits, Rates
from connector_task.relay.relay import Relay
from connector_task.relay.retry_policy import Backoff
from connector_task.relay.state import RelayState
from tests.fakes.clock import FakeClock
from tests.fakes.logger import MemoryCounters, MemoryLogger
from tests.fakes.outbox import MemoryDatabase, MemoryOutbox
from tests.fakes.publisher import MemoryPublisher
from tests.fakes.wakeups import MemoryWakeups

WITHOUT_LIMIT = Rates(
    channel_publishes=0, channel_bytes=0, requests_per_second=0, requests_per_hour=0
)


class Bench:
    """A database, an Ably, and relays between them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.database = MemoryDatabase(self.clock)
        self.ably = MemoryPublisher()
        self.logger = MemoryLogger()
        self.counters = MemoryCounters()
        self.wakeups = MemoryWakeups()
        self.state = RelayState()

    def relay(
        self,
        *,
        limits: BatchLimits | None = None,
        rates: Rates = WITHOUT_LIMIT,
        state: RelayState | None = None,
        max_in_flight: int = 4,
    ) -> Relay:
        """A relay that always waits the whole of a backoff, and polls every second."""
        stopped, resigned, woken = asyncio.Event(), asyncio.Event(), asyncio.Event()
        backoff = Backoff(random=lambda: 1.0)
        state = state or self.state
        outbox = MemoryOutbox(self.database)
        leadership = Leadership(
            publisher=self.ably,
            clock=self.clock,
            counters=self.counters,
            logger=self.logger,
            state=state,
            backoff=backoff,
            woken=woken,
            stopped=resigned,
            max_in_flight=max_in_flight,
            limits=limits or BatchLimits(),
            rates=rates,
        )
        return Relay(
            outbox=outbox,
            lead=leadership.dispatcher,
            wakeups=self.wakeups,
            clock=self.clock,
            logger=self.logger,
            state=state,
            backoff=backoff,
            woken=woken,
            resigned=resigned,
            stopped=stopped,
        )

    @asynccontextmanager
    async def running(self, relay: Relay) -> AsyncIterator["asyncio.Task[None]"]:
        """Run the relay up to its first wait; stop it at the end."""
        task = asyncio.create_task(relay.run())
        try:
            await self.clock.until_waiting()
            yield task
        finally:
            relay.stop()
            await task

    async def pass_time(self, seconds: float) -> float:
        """Move the clock and let everything run; returns how long the next wait is."""
        self.clock.advance(seconds)
        return await self.clock.until_waiting()

    async def commit(self, *messages: tuple[str, str]) -> None:
        """Messages of (channel, data) appear, with a wake-up, and everything runs."""
        for channel, data in messages:
            self.database.capture(channel, data)
        self.wakeups.notify()
        await self.clock.until_waiting()


@pytest.fixture
def bench() -> Bench:
    return Bench()
