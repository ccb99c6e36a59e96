"""What a relay relies on in an outbox: Postgres and the fake must both hold to it."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import pytest

from connector_task.capture.installer import Installer
from connector_task.errors import DatabaseUnavailableError, PublishError
from connector_task.postgres.outbox import PostgresOutbox
from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import (
    Batch,
    BatchId,
    Bisect,
    ClaimRequest,
    DeadLetter,
    Outbox,
    Outcomes,
    Retry,
)
from lambdas.migrate.roles import CONNECTOR, OWNER
from tests.fakes.clock import FakeClock
from tests.fakes.logger import MemoryLogger
from tests.fakes.outbox import MemoryDatabase, MemoryOutbox
from tests.fixtures.connector import database_settings, query
from tests.fixtures.roles import as_role, prepare_roles

RATE = PublishError(42913, 429, "rate limit exceeded")
BAD = PublishError(40032, 400, "invalid extras")
LIMITS = BatchLimits()


class Store(Protocol):
    """A database with schema ably, whatever it is made of."""

    def session(self) -> Outbox:
        """One more connector's view of it."""

    def capture(self, channel: str, data: str) -> int:
        """A committed message; returns its outbox id."""

    def dead_letters(self) -> list[tuple[int, str]]:
        """Outbox ids and error codes, in order of the ids."""


class MemoryStore:
    def __init__(self) -> None:
        self._database = MemoryDatabase(FakeClock())

    def session(self) -> Outbox:
        return MemoryOutbox(self._database)

    def capture(self, channel: str, data: str) -> int:
        return self._database.capture(channel, data)

    def dead_letters(self) -> list[tuple[int, str]]:
        return [(outbox_id, str(error.code)) for outbox_id, error in self._database.dead_letters]


class PostgresStore:
    def __init__(self, url: str) -> None:
        self._url = url
        # As in AWS: one role installs, another can do no more than the relay does.
        prepare_roles(url)
        owner = database_settings(as_role(url, OWNER))
        Installer(owner, (), MemoryLogger(), run_role=CONNECTOR).install()
        self._settings = database_settings(as_role(url, CONNECTOR))

    def session(self) -> Outbox:
        return PostgresOutbox(self._settings)

    def capture(self, channel: str, data: str) -> int:
        query(self._url, "SELECT ably.publish(%s, 'INSERT', %s)", channel, data)
        ((outbox_id,),) = query(self._url, "SELECT max(id) FROM ably.outbox")
        assert isinstance(outbox_id, int)
        return outbox_id

    def dead_letters(self) -> list[tuple[int, str]]:
        rows = query(
            self._url, "SELECT outbox_id, error_code FROM ably.dead_letter ORDER BY outbox_id"
        )
        return [(outbox_id, code) for outbox_id, code in rows]


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return PostgresStore(request.getfixturevalue("database_url"))


@pytest.fixture
async def outbox(store: Store) -> AsyncIterator[Outbox]:
    session = store.session()
    assert await session.try_to_lead()
    yield session
    await session.close()


async def claim(
    outbox: Outbox,
    outcomes: Outcomes | None = None,
    limits: BatchLimits = LIMITS,
    in_hand: tuple[BatchId, ...] = (),
) -> Sequence[Batch]:
    claim_request = ClaimRequest(in_hand=in_hand)
    return (await outbox.settle_and_claim(outcomes or Outcomes(), limits, claim_request)).batches


def contents(batches: Sequence[Batch]) -> list[tuple[str, list[str | None]]]:
    return [(batch.channel, [message.data for message in batch.messages]) for batch in batches]


async def test_messages_come_by_channel_in_their_order_the_oldest_channel_first(
    store: Store, outbox: Outbox
) -> None:
    for channel, data in [("b", "1"), ("a", "2"), ("b", "3")]:
        store.capture(channel, data)
    assert contents(await claim(outbox)) == [("b", ["1", "3"]), ("a", ["2"])]


async def test_a_channel_with_an_open_batch_is_given_out_again_only_as_that_batch(
    store: Store, outbox: Outbox
) -> None:
    store.capture("a", "1")
    (first,) = await claim(outbox)
    store.capture("a", "2")
    (again,) = await claim(outbox)
    assert (again.id, contents([again])) == (first.id, [("a", ["1"])])


async def test_a_batch_in_flight_is_not_given_out_again(store: Store, outbox: Outbox) -> None:
    store.capture("a", "1")
    (batch,) = await claim(outbox)
    store.capture("b", "2")
    others = await claim(outbox, in_hand=(batch.id,))
    assert contents(others) == [("b", ["2"])]


async def test_accepted_batches_are_gone_and_their_channel_is_free(
    store: Store, outbox: Outbox
) -> None:
    store.capture("a", "1")
    (batch,) = await claim(outbox)
    store.capture("a", "2")
    outcomes = Outcomes(accepted=[batch.id])
    assert contents(await claim(outbox, outcomes)) == [("a", ["2"])]
    assert (await outbox.backlog()).messages == 1


async def test_a_postponed_batch_comes_back_unchanged_when_it_is_due(
    store: Store, outbox: Outbox
) -> None:
    store.capture("a", "1")
    (batch,) = await claim(outbox)
    now = Outcomes(retries=[Retry(batch.id, 0.0, RATE)])
    (again,) = await claim(outbox, now)
    assert (again.id, again.attempts) == (batch.id, 1)
    later = Outcomes(retries=[Retry(batch.id, 3600.0, RATE)])
    assert await claim(outbox, later) == []


async def test_a_narrowed_batch_keeps_its_first_messages_under_a_new_id(
    store: Store, outbox: Outbox
) -> None:
    for data in "1234":
        store.capture("a", data)
    (batch,) = await claim(outbox)
    outcomes = Outcomes(bisects=[Bisect(batch.id, 2, BAD)])
    (bisects,) = await claim(outbox, outcomes)
    assert contents([bisects]) == [("a", ["1", "2"])]
    assert bisects.id != batch.id
    accepted = Outcomes(accepted=[bisects.id])
    assert contents(await claim(outbox, accepted)) == [("a", ["3", "4"])]


async def test_buried_messages_are_dead_letters_and_wait_no_more(
    store: Store, outbox: Outbox
) -> None:
    ids = [store.capture("a", data) for data in "12"]
    (batch,) = await claim(outbox)
    await outbox.settle(Outcomes(dead_letters=[DeadLetter(batch.id, BAD)]))
    assert store.dead_letters() == [(outbox_id, "40032") for outbox_id in ids]
    assert (await outbox.backlog()).messages == 0
    assert await claim(outbox) == []


async def test_a_batch_holds_as_many_messages_as_are_allowed(store: Store, outbox: Outbox) -> None:
    for data in "12345":
        store.capture("a", data)
    batches = await claim(outbox, limits=BatchLimits(array_messages=3))
    assert contents(batches) == [("a", ["1", "2", "3"])]


async def test_a_batch_holds_as_many_bytes_as_are_allowed(store: Store, outbox: Outbox) -> None:
    for _ in range(5):
        store.capture("a", "ü" * 7)  # fourteen bytes, and six of the name
    (batch,) = await claim(outbox, limits=BatchLimits(array_bytes=40))
    assert (len(batch.messages), batch.size_bytes) == (2, 40)


async def test_a_claim_takes_as_many_channels_as_are_allowed(store: Store, outbox: Outbox) -> None:
    for channel in "abc":
        store.capture(channel, "x")
    batches = await claim(outbox, limits=BatchLimits(request_channels=2))
    assert [batch.channel for batch in batches] == ["a", "b"]


async def test_a_message_too_large_for_any_batch_comes_alone_and_without_its_data(
    store: Store, outbox: Outbox
) -> None:
    for data in ("1", "x" * 50, "2"):
        store.capture("a", data)
    limits = BatchLimits(array_bytes=50)
    (small,) = await claim(outbox, limits=limits)
    (large,) = await claim(outbox, Outcomes(accepted=[small.id]), limits)
    assert contents([small, large]) == [("a", ["1"]), ("a", [None])]
    assert large.size_bytes == 56


async def test_one_leads_and_its_end_lets_another_lead_with_the_same_batches(
    store: Store, outbox: Outbox
) -> None:
    store.capture("a", "1")
    (batch,) = await claim(outbox)
    other = store.session()
    try:
        assert not await other.try_to_lead()
        await outbox.close()
        assert await other.try_to_lead()
        (again,) = await claim(other)
        assert (again.id, contents([again])) == (batch.id, [("a", ["1"])])
    finally:
        await other.close()


async def test_asking_twice_for_the_lead_is_as_good_as_once(store: Store, outbox: Outbox) -> None:
    assert await outbox.try_to_lead()
    await outbox.close()
    other = store.session()
    assert await other.try_to_lead()
    await other.close()


async def test_without_a_session_nothing_can_be_had(store: Store) -> None:
    outbox = store.session()
    with pytest.raises(DatabaseUnavailableError):
        await claim(outbox)
    with pytest.raises(DatabaseUnavailableError):
        await outbox.backlog()
    await outbox.close()


async def test_a_message_keeps_its_encoding_and_headers(database_url: str) -> None:
    store = PostgresStore(database_url)
    query(database_url, """SELECT ably.publish_json('a', 'n', '{"x": 1}', '{"lang": "en"}')""")
    session = store.session()
    assert await session.try_to_lead()
    ((message,),) = [batch.messages for batch in await claim(session)]
    assert (message.encoding, message.data, message.headers) == ("json", '{"x": 1}', {"lang": "en"})
    await session.close()
