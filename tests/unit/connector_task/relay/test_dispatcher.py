"""Several requests at a time, each channel in its order, at Ably's pace, and only while leading."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from connector_task.errors import PublishError
from connector_task.relay.limits import BatchLimits, Rates
from connector_task.relay.ports import Batch, ClaimRequest, ClaimResult, Outcomes
from tests.fakes.outbox import MemoryOutbox
from tests.fakes.publisher import MemoryPublisher
from tests.unit.connector_task.conftest import Bench


class SlowPublisher(MemoryPublisher):
    """Keeps each request until the test lets its first channel through."""

    def __init__(self) -> None:
        super().__init__()
        self._gates: dict[str, asyncio.Event] = {}
        self.channels_in_flight: Counter[str] = Counter()
        self.most_in_flight = 0
        self._in_flight = 0

    def gate(self, channel: str) -> asyncio.Event:
        return self._gates.setdefault(channel, asyncio.Event())

    async def publish(self, batches: Sequence[Batch]) -> list[PublishError | None]:
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        self.channels_in_flight.update(batch.channel for batch in batches)
        assert max(self.channels_in_flight.values()) == 1
        try:
            await self.gate(batches[0].channel).wait()
            return await super().publish(batches)
        finally:
            self._in_flight -= 1
            self.channels_in_flight.subtract(batch.channel for batch in batches)


@pytest.fixture
def slow(bench: Bench) -> SlowPublisher:
    publisher = SlowPublisher()
    bench.ably = publisher
    return publisher


async def test_a_slow_request_holds_up_no_other_channel(bench: Bench, slow: SlowPublisher) -> None:
    slow.gate("fast").set()
    async with bench.running(bench.relay()):
        await bench.commit(("slow", "1"))
        await bench.commit(("fast", "2"), ("slow", "3"))
        await bench.commit(("fast", "4"))
        assert slow.published("fast") == ["2", "4"]
        assert slow.published("slow") == []
        slow.gate("slow").set()
        await bench.pass_time(0)
        assert slow.published("slow") == ["1", "3"]


async def test_no_more_requests_are_in_flight_than_allowed(
    bench: Bench, slow: SlowPublisher
) -> None:
    async with bench.running(bench.relay(limits=BatchLimits(request_channels=1), max_in_flight=3)):
        await bench.commit(*[(f"channel-{number}", "x") for number in range(8)])
        assert slow.most_in_flight == 3
        for number in range(8):
            slow.gate(f"channel-{number}").set()
        await bench.pass_time(0)
        assert bench.database.messages == {}
    assert slow.most_in_flight == 3


async def test_stopping_waits_for_what_is_in_flight_and_settles_it(
    bench: Bench, slow: SlowPublisher
) -> None:
    relay = bench.relay()
    async with bench.running(relay) as running:
        await bench.commit(("a", "1"))
        relay.stop()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not running.done()
        slow.gate("a").set()
        await running
    assert bench.database.messages == {}


async def test_above_the_channels_rate_changes_gather_into_arrays(bench: Bench) -> None:
    rates = Rates(channel_publishes=50, channel_bytes=0, requests_per_second=0,
                  requests_per_hour=0)  # fmt: skip
    async with bench.running(bench.relay(rates=rates)):
        for number in range(200):
            await bench.commit(("a", str(number)))
            await bench.pass_time(0.002)
        await bench.pass_time(0.1)
    assert bench.ably.published("a") == [str(number) for number in range(200)]
    assert len(bench.ably.requests) <= 0.5 * 50 + 4


async def test_an_idle_channel_publishes_at_once_while_another_rests(bench: Bench) -> None:
    rates = Rates(requests_per_second=0, requests_per_hour=0)
    async with bench.running(bench.relay(rates=rates)):
        for number in range(20):
            await bench.commit(("busy", str(number)))
        await bench.commit(("idle", "x"))
        assert bench.ably.published("idle") == ["x"]
        assert len(bench.ably.published("busy")) < 20


async def test_above_the_accounts_pace_it_gathers_longer_and_says_so(bench: Bench) -> None:
    rates = Rates(channel_publishes=0, channel_bytes=0, requests_per_second=10,
                  requests_per_hour=0)  # fmt: skip
    async with bench.running(bench.relay(rates=rates)):
        for number in range(100):
            await bench.commit((f"channel-{number % 7}", str(number)))
            await bench.pass_time(0.01)
        for _ in range(20):
            await bench.pass_time(0.01)
        assert bench.database.messages == {}
    assert len(bench.ably.requests) <= 1.2 * 10 + 5
    assert 0.5 < bench.counters.seconds_gathered < 1.2


class StoppedOutbox(MemoryOutbox):
    """The process is stopped as its claim arrives, and its session is ended meanwhile."""

    async def settle_and_claim(
        self, outcomes: Outcomes, limits: BatchLimits, claim_request: ClaimRequest
    ) -> ClaimResult:
        claim = await super().settle_and_claim(outcomes, limits, claim_request)
        if claim.batches:
            self.database.clock.advance(130)
            self.database.up = False
        return claim


async def test_a_leader_that_wakes_up_without_its_session_publishes_nothing_more(
    bench: Bench,
) -> None:
    relay = bench.relay()
    relay.outbox = StoppedOutbox(bench.database)
    async with bench.running(relay):
        await bench.commit(("a", "1"))
        assert bench.database.batches
        assert bench.ably.requests == []
        assert bench.state.database_error == "database-unavailable"


async def test_requests_that_fail_side_by_side_are_one_failure(
    bench: Bench, slow: SlowPublisher
) -> None:
    async with bench.running(bench.relay(limits=BatchLimits(request_channels=1))):
        slow.up = False
        await bench.commit(*[(f"channel-{number}", "x") for number in range(4)])
        for number in range(4):
            slow.gate(f"channel-{number}").set()
        await bench.pass_time(0)
        waits = [fields["wait_ms"] for _, said, fields in bench.logger.lines
                 if said == "publish failed, trying again"]  # fmt: skip
        assert waits == [200] * 4
        slow.up = True
        await bench.pass_time(0.2)
        assert bench.database.messages == {}


async def test_an_earlier_leaders_postponed_batch_is_taken_up_without_a_busy_loop(
    bench: Bench,
) -> None:
    bench.ably.refuse = lambda _: PublishError(42913, 429, "rate")
    async with bench.running(bench.relay()):
        await bench.commit(("a", "1"))
    bench.database.capture("a", "2")
    bench.ably.refuse = lambda _: None
    async with bench.running(bench.relay()):
        for _ in range(3):
            await bench.pass_time(1.0)
        assert bench.ably.published("a") == ["1", "2"]


async def test_open_batches_are_looked_for_at_first_and_then_only_when_one_may_be_due(
    bench: Bench,
) -> None:
    searches: list[bool] = []

    class Watching(MemoryOutbox):
        async def settle_and_claim(
            self, outcomes: Outcomes, limits: BatchLimits, claim_request: ClaimRequest
        ) -> ClaimResult:
            searches.append(claim_request.due)
            return await super().settle_and_claim(outcomes, limits, claim_request)

    relay = bench.relay()
    relay.outbox = Watching(bench.database)
    async with bench.running(relay):
        for number in range(20):
            await bench.commit(("a", str(number)))
        assert searches.count(True) == 1
        bench.ably.refuse = lambda _: PublishError(42913, 429, "rate")
        await bench.commit(("a", "refused at first"))
        bench.ably.refuse = lambda _: None
        for _ in range(3):
            await bench.pass_time(1.0)
        assert bench.ably.published("a")[-1] == "refused at first"


async def test_all_open_batches_of_an_earlier_leader_are_taken_up_at_once(bench: Bench) -> None:
    limits = BatchLimits(request_channels=2)
    channels = "abcde"
    bench.ably.refuse = lambda _: PublishError(42913, 429, "rate")
    async with bench.running(bench.relay(limits=limits)):
        await bench.commit(*((channel, "1") for channel in channels))
    assert len(bench.database.batches) == len(channels)
    bench.clock.advance(60.0)  # all of them are due
    bench.ably.refuse = lambda _: None
    async with bench.running(bench.relay(limits=limits)):
        assert {channel for channel in channels if bench.ably.published(channel)} == {*channels}
