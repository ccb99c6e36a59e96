"""A leader whose every turn at the outbox waits for the test, beside writers that the test leads.

What a look sees depends on what is committed between it and the one before. In a running process
that is chance; here it is said. The leader is the real one over a real Postgres: only its clock,
its turns at the database and Ably's answers are the test's.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from connector_task.errors import PublishError
from connector_task.postgres.outbox import PostgresOutbox
from connector_task.relay.leadership import Leadership
from connector_task.relay.limits import BatchLimits, Rates
from connector_task.relay.ports import (
    Batch,
    BatchId,
    ClaimRequest,
    ClaimResult,
    Outcomes,
    ScanResult,
    Wakeable,
)
from connector_task.relay.retry_policy import Backoff
from connector_task.relay.state import RelayState
from tests.fakes.logger import MemoryCounters, MemoryLogger
from tests.fixtures.connector import database_settings

WITHOUT_LIMIT = Rates(
    channel_publishes=0, channel_bytes=0, requests_per_second=0, requests_per_hour=0
)
LIMITED = PublishError(42910, 429, "rate limit exceeded")
BACKOFF_SECONDS = 1000.0  # no batch is due again before the test says so
LOOP_TURNS = 20  # more than anything here takes that waits for nobody


class Turnstile:
    """Lets one call through at a time, when the test says so."""

    def __init__(self) -> None:
        self._has_come = asyncio.Event()
        self._may_pass = asyncio.Event()
        self._is_idle = False

    async def enter(self, *, is_idle: bool = False) -> None:
        """Wait to be let through.

        Args:
            is_idle: there is nothing to call for.
        """
        self._is_idle = is_idle
        self._has_come.set()
        await self._may_pass.wait()
        self._may_pass.clear()

    async def turn(self) -> None:
        """Let a call through, and return when the next has come or there is none to come."""
        await self._has_come.wait()
        if self._is_idle:
            await self._let_through()
        if not self._is_idle:
            await self._let_through()

    async def _let_through(self) -> None:
        self._has_come.clear()
        self._may_pass.set()
        await self._has_come.wait()


class SteppedOutbox(PostgresOutbox):
    """One that is used through a turnstile."""

    def __init__(self, url: str, turnstile: Turnstile) -> None:
        super().__init__(database_settings(url))
        self._turnstile = turnstile

    async def settle(self, outcomes: Outcomes) -> None:
        """Once let through."""
        await self._turnstile.enter()
        await super().settle(outcomes)

    async def settle_and_claim(
        self, outcomes: Outcomes, limits: BatchLimits, claim_request: ClaimRequest
    ) -> ClaimResult:
        """Once let through; the search was made up before."""
        await self._turnstile.enter()
        return await super().settle_and_claim(outcomes, limits, claim_request)

    async def fence(self) -> int:
        """Once let through."""
        await self._turnstile.enter()
        return await super().fence()

    async def full_scan(self) -> ScanResult:
        """Once let through."""
        await self._turnstile.enter()
        return await super().full_scan()


class SteppedClock:
    """See `ports.Clock`; whoever waits is at the turnstile."""

    def __init__(self, turnstile: Turnstile) -> None:
        self._turnstile = turnstile
        self._now = 1000.0

    def now(self) -> float:
        """The test's time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    async def wait(self, event: Wakeable, seconds: float) -> None:  # noqa: ARG002
        """Be there until the test goes on."""
        await self._turnstile.enter(is_idle=True)


class HeldAbly:
    """See `ports.Publisher`; keeps every request until it is told what to answer.

    Attributes:
        arrived: the data of each channel's messages, in order.
        held: the requests that have no answer, the oldest first.
    """

    def __init__(self) -> None:
        self.arrived: defaultdict[str, list[str]] = defaultdict(list)
        self.held: list[tuple[Sequence[Batch], asyncio.Future[bool]]] = []
        self._known: set[BatchId] = set()

    async def publish(self, batches: Sequence[Batch]) -> list[PublishError | None]:
        """Wait for the answer, then take in what is not known, as Ably does."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        request = (batches, answer)
        self.held.append(request)
        try:
            is_accepted = await answer
        finally:
            self.held.remove(request)
        if not is_accepted:
            return [LIMITED for _ in batches]
        for batch in batches:
            if batch.id not in self._known:
                self._known.add(batch.id)
                self.arrived[batch.channel] += [str(message.data) for message in batch.messages]
        return [None for _ in batches]

    @property
    def channels(self) -> set[str]:
        """The channels that a request without an answer has messages of."""
        return {batch.channel for batches, _ in self.held for batch in batches}

    async def accept(self, channel: str) -> None:
        """Accept the request that has messages of this channel."""
        await self._answer(self._of(channel), is_accepted=True)

    async def accept_all(self) -> None:
        """Accept every request."""
        while self.held:
            await self._answer(0, is_accepted=True)

    async def refuse_all(self) -> None:
        """Have every batch come back later."""
        while self.held:
            await self._answer(0, is_accepted=False)

    def _of(self, channel: str) -> int:
        return next(
            number
            for number, (batches, _) in enumerate(self.held)
            if channel in {batch.channel for batch in batches}
        )

    async def _answer(self, number: int, *, is_accepted: bool) -> None:
        self.held[number][1].set_result(is_accepted)
        await settled()


class Leader:
    """One leadership, from the survey that opens it on."""

    def __init__(self, url: str, ably: HeldAbly, limits: BatchLimits) -> None:
        self._turnstile = Turnstile()
        self._clock = SteppedClock(self._turnstile)
        self.ably = ably
        self.outbox = SteppedOutbox(url, self._turnstile)
        state, counters, stopped = RelayState(), MemoryCounters(), asyncio.Event()
        leadership = Leadership(
            publisher=ably,
            clock=self._clock,
            counters=counters,
            logger=MemoryLogger(),
            state=state,
            backoff=Backoff(
                base_seconds=BACKOFF_SECONDS, cap_seconds=BACKOFF_SECONDS, random=lambda: 1.0
            ),
            woken=asyncio.Event(),
            stopped=stopped,
            limits=limits,
            rates=WITHOUT_LIMIT,
        )
        self.dispatch = leadership.dispatcher(self.outbox)

    async def step(self, seconds: float = 0.0) -> None:
        """Take one turn at the database, so much later, and send what it brought."""
        self._clock.advance(seconds)
        await self._turnstile.turn()
        await settled()

    async def steps(self, count: int, seconds: float = 0.0) -> None:
        """Take several turns."""
        for _ in range(count):
            await self.step(seconds)


@asynccontextmanager
async def leading(url: str, ably: HeldAbly, limits: BatchLimits) -> AsyncIterator[Leader]:
    """A leader that is cut off at the end, as by a crash: what it has in flight arrives no more."""
    leader = Leader(url, ably, limits)
    assert await leader.outbox.try_to_lead()
    task = asyncio.create_task(leader.dispatch.run())
    try:
        yield leader
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await leader.outbox.close()


async def settled() -> None:
    """Let everything run that waits for nobody."""
    for _ in range(LOOP_TURNS):
        await asyncio.sleep(0)
