"""Where the relay looks next: a row keeps its order whatever is committed between two looks."""

import random
from collections.abc import AsyncIterator, Iterator

import pytest

from connector_task.capture.installer import Installer
from connector_task.relay.backlog_index import FULL_SCAN_SECONDS, LOOK_IDS
from connector_task.relay.limits import BatchLimits
from tests.fakes.logger import MemoryLogger
from tests.fixtures.connector import database_settings, query
from tests.integration.faults.stepped import HeldAbly, Leader, leading
from tests.integration.faults.writers import Writers, by_row

LONG = 1.1  # more than between two surveys that something calls for
# So small that looks are cut short and channels wait all the time.
LIMITS = BatchLimits(scanned_messages=4, request_channels=2, array_messages=2)
WRITERS = 3
CHANNELS = ("a", "b", "c", "busy")
MAKE_DUE = "UPDATE ably.batch SET next_attempt_at = clock_timestamp()"
DRAIN_SECONDS = FULL_SCAN_SECONDS / 4
DRAIN_STEPS = 150
IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM ably.outbox)"


@pytest.fixture
def url(database_url: str) -> str:
    Installer(database_settings(database_url), (), MemoryLogger()).install()
    return database_url


@pytest.fixture
def writers(url: str) -> Iterator[Writers]:
    writers = Writers(url, WRITERS)
    yield writers
    writers.close()


@pytest.fixture
async def leader(url: str) -> AsyncIterator[Leader]:
    async with leading(url, HeldAbly(), LIMITS) as leader:
        await leader.steps(3)
        yield leader


async def drain(url: str, leader: Leader) -> None:
    """Let all that is committed arrive, long before a survey that nothing calls for."""
    for _ in range(DRAIN_STEPS):
        await leader.ably.accept_all()
        query(url, MAKE_DUE)
        await leader.step(DRAIN_SECONDS / DRAIN_STEPS)
        if query(url, IS_EMPTY) == [(True,)]:
            return
    raise AssertionError(f"left: {query(url, 'SELECT channel, data FROM ably.outbox')}")


async def test_a_change_committed_late_precedes_the_next_of_its_row(
    url: str, leader: Leader, writers: Writers
) -> None:
    writers.change(0, "row", "a")
    writers.fill("b", 2)
    await leader.step()
    await leader.ably.accept_all()
    await leader.step(LONG)
    await leader.step(LONG)  # behind what writer 0 has not committed yet
    writers.hand_over(0, 1)
    await leader.step()
    await drain(url, leader)
    assert leader.ably.arrived["a"] == ["row:1", "row:2"]


async def test_a_change_drawn_first_by_a_younger_transaction_is_found(
    leader: Leader, writers: Writers
) -> None:
    writers.change(0, "first", "c")
    writers.change(1, "row", "a")
    writers.change(0, "last", "c")
    writers.commit(0)
    await leader.steps(3, 0.1)
    writers.commit(1)
    await leader.steps(10, 0.1)
    assert "a" in leader.ably.channels


async def test_a_look_that_is_cut_short_keeps_the_order_of_a_row(
    url: str, writers: Writers
) -> None:
    limits = BatchLimits()
    async with leading(url, HeldAbly(), limits) as leader:
        writers.change(0, "other", "c")
        writers.fill("busy", 5 * limits.scanned_messages)
        writers.change(0, "row", "a")
        writers.fill("a", 1)
        await leader.steps(9, 0.05)
        writers.fill("a", 1)
        await leader.steps(9, 0.05)  # channel a has a request in flight, and one message more
        assert leader.ably.channels == {"busy", "a"}
        await leader.ably.accept("a")
        writers.hand_over(0, 1)
        await leader.steps(3)
        await drain(url, leader)
        assert by_row(leader.ably.arrived["a"])["row"] == [1, 2]


async def test_a_backlog_hides_no_quiet_channel_while_writers_come_and_go(
    leader: Leader, writers: Writers
) -> None:
    writers.change(2, "long", "c")
    writers.fill("busy", 6)
    for turn in range(40):
        writers.change(0, "x", "c")
        writers.change(1, "y", "c")
        writers.commit(1)
        if turn == 10:
            writers.fill("a", 1)
        await leader.step(0.01)
        writers.commit(0)
    assert "a" in leader.ably.channels


async def test_a_channel_is_asked_from_its_first_message_on_where_many_wait(
    url: str, writers: Writers
) -> None:
    ably = HeldAbly()
    async with leading(url, ably, LIMITS) as first:
        writers.fill("b", 1)
        writers.fill("c", 1)
        await first.steps(3)
        await ably.refuse_all()
        await first.step()
    writers.fill("b", 1)
    writers.fill("c", 1)
    writers.change(0, "row", "a")
    writers.commit(0)
    async with leading(url, ably, LIMITS) as second:
        await second.steps(2)
        writers.change(0, "row", "a")
        writers.commit(0)
        await second.steps(2)
        await drain(url, second)
    assert ably.arrived["a"] == ["row:1", "row:2"]


ROWS = 4
STEPS = 100
PAUSES = (0.0, 0.0, 0.0, 0.06, 0.06, 0.06, LONG)  # before a look
WEIGHTS = {
    "look": 30, "change": 30, "commit": 5, "hand over": 10, "roll back": 2, "fill": 6,
    "skip": 3, "accept": 10, "refuse": 2, "make due": 2, "crash": 1,
}  # fmt: skip


class Play:
    """What is written, looked at and answered, as chance has it."""

    def __init__(self, url: str, writers: Writers, seed: int) -> None:
        self._url = url
        self._writers = writers
        self._chance = random.Random(seed)  # noqa: S311  # a play, to be repeated
        self._limits = self._chance.choice((LIMITS, BatchLimits()))
        self.ably = HeldAbly()

    async def go(self) -> None:
        """Lead, and where the leader crashes let another take over; then all has to arrive."""
        steps = iter(self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS))
        while not await self._is_led_to_the_end(steps):
            pass

    async def _is_led_to_the_end(self, steps: Iterator[str]) -> bool:
        async with leading(self._url, self.ably, self._limits) as leader:
            for step in steps:
                if step == "crash":
                    return False
                await self._take(step, leader)
            self._writers.commit_all()
            await drain(self._url, leader)
            return True

    async def _take(self, step: str, leader: Leader) -> None:
        if step == "look":
            await leader.step(self._chance.choice(PAUSES))
        elif step == "accept" and self.ably.held:
            batches, _ = self._chance.choice(self.ably.held)
            await self.ably.accept(batches[0].channel)
        elif step == "refuse":
            await self.ably.refuse_all()
        elif step == "make due":
            query(self._url, MAKE_DUE)
        else:
            self._write(step)

    def _write(self, step: str) -> None:
        writer, other = self._chance.sample(range(WRITERS), 2)
        row = self._chance.randrange(ROWS)
        if step == "change":
            self._writers.change(writer, f"row{row}", CHANNELS[row % 2])
        elif step == "commit":
            self._writers.commit(writer)
        elif step == "hand over":
            self._writers.hand_over(writer, other)
        elif step == "roll back":
            self._writers.roll_back(writer)
        elif step == "fill":
            self._writers.fill(self._chance.choice(CHANNELS), self._chance.randrange(1, 7))
        elif step == "skip":
            self._writers.skip(LOOK_IDS)


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_is_committed_when_all_arrives_and_each_row_in_order(
    url: str, writers: Writers, seed: int
) -> None:
    play = Play(url, writers, seed)
    await play.go()
    for channel in CHANNELS:
        assert by_row(play.ably.arrived[channel]) == writers.expected(channel)
