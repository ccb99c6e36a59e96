"""Whatever goes wrong in whatever order: all that was committed arrives, in order, once."""

import asyncio
import itertools
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from connector_task.errors import PublishError
from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import Batch
from tests.fixtures.samples import examples
from tests.unit.connector_task.conftest import Bench

CHANNELS = ("a", "b", "c")
RATE = PublishError(42913, 429, "rate limit exceeded")
BAD = PublishError(40032, 400, "invalid extras")
LIMITS = BatchLimits(array_messages=5, request_channels=2)
POISON = "poison"
TURNS = 500

step = st.one_of(
    st.tuples(st.just("commit"), st.sampled_from(CHANNELS), st.integers(1, 12)),
    st.tuples(st.just("poison"), st.sampled_from(CHANNELS), st.just(1)),
    st.tuples(st.just("limit"), st.sampled_from(CHANNELS), st.integers(1, 3)),
    st.tuples(st.sampled_from(["ably", "database"]), st.just(""), st.integers(0, 1)),
    st.tuples(st.just("unheard"), st.just(""), st.integers(1, 2)),
    st.tuples(st.just("crash"), st.just(""), st.just(1)),
    st.tuples(st.just("time"), st.just(""), st.integers(1, 40)),
)


class World:
    """A bench in which things go wrong, and what was committed in it."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.committed: dict[str, list[str]] = {channel: [] for channel in CHANNELS}
        self._limited: Counter[str] = Counter()
        self._numbers = itertools.count()
        self.bench.ably.refuse = self._refuse
        self._task = self._start()

    def _start(self) -> "asyncio.Task[None]":
        self._relay = self.bench.relay(limits=LIMITS)
        return asyncio.create_task(self._relay.run())

    def _refuse(self, batch: Batch) -> PublishError | None:
        if any(message.data == POISON for message in batch.messages):
            return BAD
        if self._limited[batch.channel]:
            self._limited[batch.channel] -= 1
            return RATE
        return None

    async def do(self, kind: str, channel: str, number: int) -> None:
        if kind == "commit":
            for _ in range(number):
                data = str(next(self._numbers))
                self.bench.database.capture(channel, data)
                self.committed[channel].append(data)
            self.bench.wakeups.notify()
        elif kind == "poison":
            self.bench.database.capture(channel, POISON)
        elif kind == "limit":
            self._limited[channel] += number
        elif kind == "ably":
            self.bench.ably.up = bool(number)
        elif kind == "database":
            self.bench.database.up = bool(number)
        elif kind == "unheard":
            self.bench.ably.unheard += number
        elif kind == "crash":
            await self._crash()
        else:
            self.bench.clock.advance(number / 10)
        await self.bench.clock.until_waiting()

    async def _crash(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = self._start()

    async def settle_down(self) -> None:
        """Everything works again, and time passes until nothing waits."""
        self.bench.ably.up = self.bench.database.up = True
        for _ in range(TURNS):
            if not self.bench.database.messages:
                break
            await self.bench.pass_time(1.0)
        self._relay.stop()
        await self._task


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(step, max_size=25))
def test_all_that_was_committed_arrives_in_order_and_once(
    steps: list[tuple[str, str, int]],
) -> None:
    async def live() -> World:
        world = World()
        await world.bench.clock.until_waiting()
        for one in steps:
            await world.do(*one)
        await world.settle_down()
        return world

    world = asyncio.run(live())
    poisoned = sum(kind == "poison" for kind, _, _ in steps)
    assert world.bench.database.messages == {}
    assert len(world.bench.database.dead_letters) == poisoned
    for channel in CHANNELS:
        assert world.bench.ably.published(channel) == world.committed[channel]
