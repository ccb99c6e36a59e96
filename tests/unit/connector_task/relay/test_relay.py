"""The relay's promises, on a fake clock and fake servers."""

import pytest

from connector_task.errors import DatabaseUnavailableError, ErrorCode, PublishError
from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import Batch, ClaimRequest, ClaimResult, Outcomes
from connector_task.relay.state import RelayState, Role
from tests.fakes.outbox import MemoryOutbox
from tests.fakes.publisher import Refusal
from tests.unit.connector_task.conftest import Bench

RATE = PublishError(42913, 429, "rate limit exceeded")


def only_first_of(channel: str, error: PublishError, times: int) -> Refusal:
    """Refuse the first `times` batches of a channel."""
    left = [times]

    def refuse(batch: Batch) -> PublishError | None:
        if batch.channel != channel or not left[0]:
            return None
        left[0] -= 1
        return error

    return refuse


async def test_what_was_captured_before_the_start_is_published_in_order(bench: Bench) -> None:
    for number in range(5):
        bench.database.capture("a", str(number))
    async with bench.running(bench.relay()):
        assert bench.ably.published("a") == ["0", "1", "2", "3", "4"]
        assert bench.database.messages == {}


async def test_a_notification_is_published_at_once(bench: Bench) -> None:
    async with bench.running(bench.relay()):
        await bench.commit(("a", "x"))
        assert bench.ably.published("a") == ["x"]


async def test_a_lost_notification_costs_one_poll_interval_at_most(bench: Bench) -> None:
    async with bench.running(bench.relay()):
        await bench.pass_time(0.1)  # a new leader looks twice at once
        bench.database.capture("a", "x")
        await bench.pass_time(0.9)
        assert bench.ably.published("a") == []
        await bench.pass_time(0.11)
        assert bench.ably.published("a") == ["x"]


async def test_a_commit_during_the_claim_is_not_slept_over(bench: Bench) -> None:
    class BusyOutbox(MemoryOutbox):
        """Someone commits after the claim has looked and before its answer arrives."""

        async def settle_and_claim(
            self, outcomes: Outcomes, limits: BatchLimits, claim_request: ClaimRequest
        ) -> ClaimResult:
            claimed = await super().settle_and_claim(outcomes, limits, claim_request)
            if not self.database.messages and not bench.ably.published("a"):
                self.database.capture("a", "x")
                bench.wakeups.notify()
            return claimed

    relay = bench.relay()
    relay.outbox = BusyOutbox(bench.database)
    async with bench.running(relay):
        assert bench.ably.published("a") == ["x"]


async def test_channels_share_a_request_and_keep_their_own_batches(bench: Bench) -> None:
    async with bench.running(bench.relay()):
        await bench.commit(("a", "1"), ("b", "2"), ("a", "3"))
    (request,) = bench.ably.requests
    assert [(batch.channel, len(batch.messages)) for batch in request] == [("a", 2), ("b", 1)]


async def test_a_batch_holds_no_more_than_fits_and_the_rest_follows_in_order(bench: Bench) -> None:
    async with bench.running(bench.relay(limits=BatchLimits(array_messages=2))):
        await bench.commit(*[("a", str(number)) for number in range(5)])
    assert [len(batch.messages) for (batch,) in bench.ably.requests] == [2, 2, 1]
    assert bench.ably.published("a") == ["0", "1", "2", "3", "4"]


async def test_requests_stay_within_their_number_of_channels(bench: Bench) -> None:
    limits = BatchLimits(request_channels=2)
    async with bench.running(bench.relay(limits=limits)):
        await bench.commit(*[(f"channel-{number}", "x") for number in range(5)])
        assert bench.database.messages == {}
    assert [len(request) for request in bench.ably.requests] == [2, 2, 1]


async def test_a_limited_channel_is_tried_again_unchanged_while_others_go_on(bench: Bench) -> None:
    bench.ably.refuse = only_first_of("slow", RATE, 1)
    async with bench.running(bench.relay()):
        await bench.commit(("slow", "1"), ("fast", "2"))
        await bench.commit(("slow", "3"), ("fast", "4"))
        assert bench.ably.published("fast") == ["2", "4"]
        assert bench.ably.published("slow") == []
        await bench.pass_time(0.2)
        assert bench.ably.published("slow") == ["1", "3"]
    of_slow = [batch for request in bench.ably.requests for batch in request
               if batch.channel == "slow"]  # fmt: skip
    assert of_slow[0].id == of_slow[1].id
    assert of_slow[0].messages == of_slow[1].messages
    assert [batch.attempts for batch in of_slow] == [0, 1, 0]


async def test_each_further_failure_of_a_channel_waits_twice_as_long_up_to_the_cap(
    bench: Bench,
) -> None:
    bench.ably.refuse = only_first_of("a", RATE, 100)
    delays = []
    async with bench.running(bench.relay()):
        await bench.commit(("a", "x"))
        for _ in range(10):
            ((_, batch),) = bench.database.batches.items()
            due_at = batch.due_at
            delays.append(round(due_at - bench.clock.now(), 3))
            while bench.clock.now() < due_at:
                await bench.pass_time(await bench.clock.until_waiting())
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]


async def test_while_ably_is_down_nothing_more_is_claimed_and_nothing_is_lost(bench: Bench) -> None:
    async with bench.running(bench.relay()):
        bench.ably.up = False
        await bench.commit(("a", "1"))
        requests = len(bench.ably.requests)
        await bench.commit(("b", "2"), ("a", "3"))
        assert len(bench.ably.requests) == requests
        assert [batch.channel for batch in bench.database.batches.values()] == ["a"]
        assert bench.state.ably_error == "ably-unreachable"
        bench.ably.up = True
        await bench.pass_time(0.2)
        assert bench.ably.published("a") == ["1", "3"]
        assert bench.ably.published("b") == ["2"]
        assert bench.state.ably_error is None


async def test_the_sessions_loss_is_survived_and_open_batches_go_out_under_their_ids(
    bench: Bench,
) -> None:
    async with bench.running(bench.relay()):
        bench.ably.up = False
        await bench.commit(("a", "1"))
        bench.database.up = False
        await bench.pass_time(0.2)
        assert bench.state.role is Role.STARTING
        assert bench.state.database_error == "database-unavailable"
        bench.ably.up = True
        bench.database.up = True
        await bench.pass_time(30)
        assert bench.ably.published("a") == ["1"]
    batches = [batch for (batch,) in bench.ably.requests]
    assert {batch.id for batch in batches} == {batches[0].id}


async def test_a_standby_publishes_nothing_and_takes_over_when_the_leader_ends(
    bench: Bench,
) -> None:
    state = RelayState()
    leader, standby = bench.relay(), bench.relay(state=state)
    async with bench.running(leader) as leading, bench.running(standby):
        assert str(state.role) == "standby"
        await bench.commit(("a", "1"))
        assert len(bench.ably.requests) == 1
        leader.stop()
        await leading
        await bench.pass_time(0.5)
        assert str(state.role) == "leader"
        await bench.commit(("a", "2"))
        assert bench.ably.published("a") == ["1", "2"]


async def test_stopping_settles_what_was_published_and_gives_the_lead_up(bench: Bench) -> None:
    relay = bench.relay()

    def stop_meanwhile(_: Batch) -> PublishError | None:
        relay.stop()
        return None

    bench.ably.refuse = stop_meanwhile
    bench.database.capture("a", "1")
    await relay.run()
    assert bench.ably.published("a") == ["1"]
    assert bench.database.messages == {}
    assert bench.database.leader is None
    assert bench.state.role is Role.STOPPED
    assert not bench.wakeups.is_listening


async def test_stopping_begins_no_further_request(bench: Bench) -> None:
    relay = bench.relay(limits=BatchLimits(request_bytes=200))
    bench.database.capture("a", "1")
    bench.database.capture("b", "2")

    def stop_meanwhile(_: Batch) -> PublishError | None:
        relay.stop()
        return None

    bench.ably.refuse = stop_meanwhile
    await relay.run()
    assert len(bench.ably.requests) == 1
    assert [message.data for _, message in bench.database.messages.values()] == ["2"]


async def test_a_leader_that_resigns_may_lead_again(bench: Bench) -> None:
    relay = bench.relay()
    async with bench.running(relay):
        for number in range(3):
            relay.resign()
            await bench.pass_time(0.5)
            await bench.commit(("a", str(number)))
        assert bench.ably.published("a") == ["0", "1", "2"]
    leads = [fields for _, _, fields in bench.logger.lines if fields["action"] == "lead"]
    assert len(leads) == 4


async def test_a_standbys_turns_are_signs_of_life(bench: Bench) -> None:
    state = RelayState()
    async with bench.running(bench.relay()), bench.running(bench.relay(state=state)):
        for _ in range(3):
            await bench.pass_time(0.5)
            assert state.role is Role.STANDBY
            assert state.ticked_at == bench.clock.now()


async def test_every_turn_is_a_sign_of_life(bench: Bench) -> None:
    async with bench.running(bench.relay()):
        for _ in range(5):
            await bench.pass_time(1.0)
            assert bench.state.ticked_at == bench.clock.now()


async def test_no_log_line_holds_a_payload(bench: Bench) -> None:
    bench.ably.refuse = only_first_of("a", RATE, 1)
    async with bench.running(bench.relay()):
        await bench.commit(("a", "personal-data"))
        await bench.pass_time(0.2)
    assert len(bench.logger.lines) >= 3
    assert "personal-data" not in str(bench.logger.lines)


async def test_each_further_failure_of_the_database_waits_twice_as_long_until_it_works(
    bench: Bench,
) -> None:
    bench.database.up = False
    async with bench.running(bench.relay()):
        for _ in range(3):
            await bench.pass_time(await bench.clock.until_waiting())
        bench.database.up = True
        await bench.pass_time(await bench.clock.until_waiting())
        assert bench.state.role is Role.LEADER
        assert bench.state.database_error is None
        bench.database.up = False
        await bench.pass_time(1.0)
    failures = [fields for _, _, fields in bench.logger.lines if fields["action"] == "connect"]
    assert [(one["attempt"], one["wait_ms"]) for one in failures] == [
        (1, 200), (2, 400), (3, 800), (4, 1600), (1, 200),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "level"),
    [
        (ErrorCode.DATABASE_UNAVAILABLE, "WARNING"),
        (ErrorCode.DATABASE_TIMEOUT, "WARNING"),
        (ErrorCode.DATABASE_REFUSED, "ERROR"),
        (ErrorCode.NOT_INSTALLED, "ERROR"),
    ],
)
async def test_the_log_says_why_the_database_fails_and_whether_somebody_must_act(
    bench: Bench, code: ErrorCode, level: str
) -> None:
    class FailingOutbox(MemoryOutbox):
        async def try_to_lead(self) -> bool:
            raise DatabaseUnavailableError(code, "the reason")

    relay = bench.relay()
    relay.outbox = FailingOutbox(bench.database)
    async with bench.running(relay):
        assert bench.state.database_error == code
    ((said_level, _, fields),) = bench.logger.lines
    assert said_level == level
    assert fields == {
        "action": "connect",
        "error_code": code,
        "error": "the reason",
        "attempt": 1,
        "wait_ms": 200,
    }


async def test_the_log_says_once_when_a_connector_stands_by_and_when_it_leads(bench: Bench) -> None:
    leader, standby = bench.relay(), bench.relay(state=RelayState(shard=3))
    async with bench.running(leader) as leading, bench.running(standby):
        await bench.pass_time(0.5)
        await bench.pass_time(0.5)
        leader.stop()
        await leading
        await bench.pass_time(0.5)
    turns = [fields for _, _, fields in bench.logger.lines if fields.get("shard") == 3]
    assert turns == [{"action": "stand_by", "shard": 3}, {"action": "lead", "shard": 3}]
