"""What becomes of refused messages, on a fake Ably."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from connector_task.errors import ErrorCode, PublishError, PublishRequestError
from connector_task.relay.limits import MESSAGE_BYTES, BatchLimits, Rates
from connector_task.relay.ports import Batch
from tests.fakes.clock import FakeClock
from tests.fakes.publisher import MemoryPublisher
from tests.unit.connector_task.conftest import Bench

BAD_EXTRAS = PublishError(40032, 400, "invalid extras")
NO_CAPABILITY = PublishError(40160, 401, "operation not permitted with provided capability")
KEY_REVOKED = PublishError(40131, 401, "key revoked")


def refusing(data: str, error: PublishError) -> Callable[[Batch], PublishError | None]:
    """Refuse every batch that holds a message with that data."""

    def refuse(batch: Batch) -> PublishError | None:
        return error if data in [message.data for message in batch.messages] else None

    return refuse


async def test_a_refused_message_ends_up_alone_in_the_dead_letters_and_the_others_in_order(
    bench: Bench,
) -> None:
    bench.ably.refuse = refusing("13", BAD_EXTRAS)
    async with bench.running(bench.relay()):
        await bench.commit(*[("a", str(number)) for number in range(40)])
    assert bench.ably.published("a") == [str(number) for number in range(40) if number != 13]
    assert bench.database.dead_letters == [(14, BAD_EXTRAS)]
    assert bench.counters.messages_dead == 1
    assert bench.counters.messages_published == 39


async def test_a_halved_batch_goes_out_under_an_id_that_was_not_used_before(bench: Bench) -> None:
    bench.ably.refuse = refusing("3", BAD_EXTRAS)
    async with bench.running(bench.relay()):
        await bench.commit(*[("a", str(number)) for number in range(4)])
    ids = [batch.id for (batch,) in bench.ably.requests]
    assert len(ids) == len(set(ids))


async def test_a_refused_message_does_not_hold_up_other_channels(bench: Bench) -> None:
    bench.ably.refuse = refusing("bad", BAD_EXTRAS)
    async with bench.running(bench.relay()):
        await bench.commit(("a", "bad"), ("b", "good"))
    assert bench.ably.published("b") == ["good"]
    assert [outbox_id for outbox_id, _ in bench.database.dead_letters] == [1]


async def test_a_refused_channel_gives_its_messages_up_without_halving(bench: Bench) -> None:
    bench.ably.refuse = lambda batch: NO_CAPABILITY if batch.channel == "a" else None
    async with bench.running(bench.relay()):
        await bench.commit(("a", "1"), ("a", "2"), ("b", "3"))
    assert [outbox_id for outbox_id, _ in bench.database.dead_letters] == [1, 2]
    assert bench.ably.published("b") == ["3"]
    assert len(bench.ably.requests) == 1


async def test_a_refused_key_loses_nothing_and_calls_for_someone(bench: Bench) -> None:
    bench.ably.refuse = lambda _: KEY_REVOKED
    async with bench.running(bench.relay()):
        await bench.commit(("a", "1"))
        assert bench.database.dead_letters == []
        assert "publish failed, trying again" in bench.logger.said("ERROR")
        bench.ably.refuse = lambda _: None
        await bench.pass_time(0.5)
        assert bench.ably.published("a") == ["1"]


async def test_a_message_larger_than_any_batch_is_given_up_without_being_sent(bench: Bench) -> None:
    async with bench.running(bench.relay()):
        await bench.commit(("a", "x" * MESSAGE_BYTES), ("a", "small"))
    assert bench.ably.published("a") == ["small"]
    ((outbox_id, error),) = bench.database.dead_letters
    assert (outbox_id, error.code) == (1, 40009)
    assert [batch.messages[0].data for (batch,) in bench.ably.requests] == ["small"]


async def test_a_batch_whose_messages_someone_deleted_is_closed(bench: Bench) -> None:
    bench.ably.refuse = lambda _: PublishError(ErrorCode.ABLY_UNREADABLE, 0, "?")
    async with bench.running(bench.relay()):
        await bench.commit(("a", "1"))
        bench.database.messages.clear()
        requests = len(bench.ably.requests)
        await bench.pass_time(0.2)
        assert bench.database.batches == {}
        assert len(bench.ably.requests) == requests


class SpoiledRequests(MemoryPublisher):
    """Refuses the whole request for the sake of one of its batches."""

    async def publish(self, batches: "list[Batch]") -> list[PublishError | None]:  # type: ignore[override]  # the relay passes lists
        if any(batch.channel == "bad" for batch in batches):
            self.requests.append(list(batches))
            raise PublishRequestError(BAD_EXTRAS)
        return await super().publish(batches)


async def test_a_request_refused_for_one_of_its_batches_is_sent_again_batch_by_batch(
    bench: Bench,
) -> None:
    bench.ably = SpoiledRequests()
    async with bench.running(bench.relay()):
        await bench.commit(("good", "1"), ("bad", "2"), ("fine", "3"))
    assert bench.ably.published("good") == ["1"]
    assert bench.ably.published("fine") == ["3"]
    assert [outbox_id for outbox_id, _ in bench.database.dead_letters] == [2]


class LingeringPublisher(MemoryPublisher):
    """Takes a third of a second for each request."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    async def publish(self, batches: Sequence[Batch]) -> list[PublishError | None]:
        self._clock.advance(0.3)
        return await super().publish(batches)


async def test_the_lag_of_a_batch_includes_what_it_waited_for_its_turn_to_be_sent(
    bench: Bench,
) -> None:
    bench.ably = LingeringPublisher(bench.clock)
    one_a_second = Rates(
        channel_publishes=0, channel_bytes=0, requests_per_second=1 / 0.9, requests_per_hour=0
    )
    limits = BatchLimits(request_channels=20, request_bytes=100)
    async with bench.running(bench.relay(rates=one_a_second, limits=limits, max_in_flight=1)):
        await bench.commit(*[(f"channel-{number}", "x" * 60) for number in range(8)])
        while bench.database.messages:
            await bench.pass_time(0.1)
    requests, held = zip(*bench.counters.published_after, strict=True)
    assert requests == pytest.approx([0.3] * 8)
    assert held[0] == pytest.approx(0.3)
    # Five at once, each after the one before; the others as the account's pace has it.
    assert list(held) == sorted(held)
    assert held[-1] > 8 * 0.3


async def test_a_published_batch_is_logged_with_its_size_and_its_lag(bench: Bench) -> None:
    bench.ably = LingeringPublisher(bench.clock)
    async with bench.running(bench.relay()):
        await bench.commit(("a", "1"), ("a", "22"))
    (fields,) = [one for _, _, one in bench.logger.lines if one["action"] == "publish"]
    assert fields == {
        "action": "publish",
        "channel": "a",
        "batch_size": 2,
        "batch_bytes": 2 * len("INSERT") + len("1") + len("22"),
        "attempt": 1,
        "duration_ms": 300,
        "lag_ms": 300,
    }


async def test_a_failed_batch_is_logged_counted_and_stored_with_its_reason(bench: Bench) -> None:
    limited = PublishError(42913, 429, "too many messages")
    bench.ably.refuse = lambda _: limited
    async with bench.running(bench.relay()):
        await bench.commit(("a", "1"))
        await bench.pass_time(0.2)
        (batch,) = bench.database.batches.values()
        assert (batch.attempts, batch.last_error) == (2, limited)
    assert bench.counters.failures == [limited, limited]
    levels, _, failures = zip(*bench.logger.lines[1:], strict=True)  # the first says that it leads
    assert levels == ("WARNING", "WARNING")
    expected = {
        "action": "publish",
        "channel": "a",
        "batch_size": 1,
        "error_code": 42913,
        "error": "too many messages",
    }
    assert failures == (
        {**expected, "attempt": 1, "wait_ms": 200},
        {**expected, "attempt": 2, "wait_ms": 400},
    )


async def test_a_refused_batch_is_logged_counted_and_stored_with_its_reason(bench: Bench) -> None:
    seen: list[PublishError | None] = []

    def refuse(batch: Batch) -> PublishError | None:
        seen.extend(one.last_error for one in bench.database.batches.values())
        return refusing("2", BAD_EXTRAS)(batch)

    bench.ably.refuse = refuse
    async with bench.running(bench.relay()):
        await bench.commit(("a", "1"), ("a", "2"))
    assert seen == [None, BAD_EXTRAS, None]  # of both, of the first, of the second by itself
    assert bench.counters.failures == [BAD_EXTRAS, BAD_EXTRAS]
    why = {"action": "publish", "channel": "a", "error_code": 40032, "error": "invalid extras"}
    lines = [(level, fields) for level, _, fields in bench.logger.lines if "error" in fields]
    assert lines == [
        ("WARNING", {**why, "batch_size": 2, "attempt": 1}),
        ("ERROR", {**why, "batch_size": 1, "attempt": 1, "outbox_id": 2}),
    ]


async def test_changes_that_were_captured_with_a_fallback_are_counted_and_the_first_is_named(
    bench: Bench,
) -> None:
    for number in range(3):
        bench.database.capture("a", str(number))
    for outbox_id, problem in ((2, "the filter failed"), (3, "so did a column")):
        channel, message = bench.database.messages[outbox_id]
        bench.database.messages[outbox_id] = (channel, replace(message, problem=problem))
    async with bench.running(bench.relay()):
        pass
    assert bench.counters.messages_degraded == 2
    ((level, fields),) = [
        (level, fields) for level, _, fields in bench.logger.lines if fields["action"] == "capture"
    ]
    assert level == "WARNING"
    assert fields == {"action": "capture", "channel": "a", "count": 2, "error": "the filter failed"}


async def test_while_ably_is_down_each_further_request_waits_twice_as_long_until_it_answers(
    bench: Bench,
) -> None:
    async with bench.running(bench.relay()):
        bench.ably.up = False
        await bench.commit(("a", "1"))
        for seconds in (0.2, 0.4, 0.8):
            await bench.pass_time(seconds)
        bench.ably.up = True
        await bench.pass_time(1.6)
        assert bench.ably.published("a") == ["1"]
        bench.ably.up = False
        await bench.commit(("a", "2"))
    waits = [fields["wait_ms"] for _, _, fields in bench.logger.lines if "wait_ms" in fields]
    assert waits == [200, 400, 800, 1600, 200]
