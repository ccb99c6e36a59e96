"""A claim takes what a channel has in the order of the ids, whoever commits late and whenever."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812  # a class by its role

from connector_task.capture.installer import Installer
from connector_task.postgres.outbox import PostgresOutbox
from connector_task.relay.backlog_index import BacklogIndex
from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import Batch, ClaimRequest, Outcomes
from tests.fakes.logger import MemoryLogger
from tests.fixtures.connector import database_settings

LIMITS = BatchLimits(scanned_messages=6, array_messages=4, request_channels=3)  # small: all are met
CHANNELS = ("a", "b", "c", "d", "e")
PUBLISH = "SELECT ably.publish(%s, 'n', 'x') FROM generate_series(1, %s)"


class Leader:
    """A leader's claims beside what is committed; nobody else acts while it claims."""

    def __init__(self, url: str, outbox: PostgresOutbox) -> None:
        self.outbox = outbox
        self.now = 0.0
        self.in_hand: dict[str, Batch] = {}
        self.claimed: set[int] = set()
        self._backlog_index = BacklogIndex()
        self._reader = psycopg2.connect(url)
        self._reader.autocommit = True

    def close(self) -> None:
        self._reader.close()

    def committed(self) -> dict[str, list[int]]:
        """What is there and not claimed yet, by channel."""
        with self._reader.cursor() as cursor:
            cursor.execute("SELECT channel, id FROM ably.outbox ORDER BY id")
            found = defaultdict(list)
            for channel, outbox_id in cursor.fetchall():
                if outbox_id not in self.claimed:
                    found[channel].append(outbox_id)
            return found

    async def claim(
        self, seconds: float, *, accepted: Sequence[str], resting: Sequence[str]
    ) -> None:
        """Settle the batches of some channels, claim, and compare with what is committed."""
        self.now += seconds
        if self.now >= self._backlog_index.next_full_scan_at:
            self._backlog_index.full_scan_done(await self.outbox.full_scan(), self.now, 0.0)
        fence = await self.outbox.fence() if self._backlog_index.wants_fence else None
        outcomes = Outcomes(accepted=[self.in_hand.pop(one).id for one in accepted])
        claim_request = ClaimRequest(
            due=False,
            waiting=self._backlog_index.ready({*resting, *self.in_hand}, LIMITS.request_channels),
            resting=resting,
            start=self._backlog_index.start,
            floor=self._backlog_index.floor,
            running=self._backlog_index.running,
        )
        committed = self.committed()
        claim = await self.outbox.settle_and_claim(outcomes, LIMITS, claim_request)
        self._backlog_index.claimed(claim, fence)
        for batch in claim.batches:
            ids = [message.outbox_id for message in batch.messages]
            assert ids == committed[batch.channel][: len(ids)]
            assert batch.channel not in self.in_hand
            self.in_hand[batch.channel] = batch
            self.claimed.update(ids)


@pytest.fixture
async def leader(database_url: str) -> AsyncIterator[Leader]:
    settings = database_settings(database_url)
    Installer(settings, (), MemoryLogger()).install()
    outbox = PostgresOutbox(settings)
    assert await outbox.try_to_lead()
    leader = Leader(database_url, outbox)
    yield leader
    leader.close()
    await outbox.close()


class Writers:
    """Sessions with an open transaction each."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: list[Connection] = []

    def write(self, channel: str, count: int, *, later: bool, chance: random.Random) -> None:
        """Publish, in a transaction that is committed at once or by `end`."""
        if not later or not self._open or chance.random() < 0.5:
            self._open.append(psycopg2.connect(self._url))
        writer = self._open[-1] if not later else chance.choice(self._open)
        with writer.cursor() as cursor:
            cursor.execute(PUBLISH, [channel, count])
        if not later:
            self.end(len(self._open) - 1, commit=True)

    @property
    def count(self) -> int:
        return len(self._open)

    def end(self, place: int, *, commit: bool) -> None:
        writer = self._open.pop(place)
        writer.commit() if commit else writer.rollback()
        writer.close()


async def test_a_late_commit_beyond_the_end_of_a_look_precedes_what_is_known(
    leader: Leader, database_url: str
) -> None:
    chance = random.Random(0)  # noqa: S311  # no secret
    writers = Writers(database_url)
    await leader.claim(0.0, accepted=[], resting=[])
    writers.write("a", 2 * LIMITS.scanned_messages, later=False, chance=chance)
    writers.write("b", 1, later=True, chance=chance)
    writers.write("b", 1, later=False, chance=chance)
    for _ in range(4):
        await leader.claim(1.1, accepted=[], resting=["a", "b"])
    writers.end(0, commit=True)
    await leader.claim(1.1, accepted=[], resting=["a"])
    assert len(leader.in_hand["b"].messages) == 2


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_writers_do_a_channels_first_message_is_claimed_first(
    leader: Leader, database_url: str, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # a load, to be repeated
    writers = Writers(database_url)
    for _ in range(150):
        if chance.random() < 0.6:
            count = chance.choice((1, 1, 1, 3, 10))
            later = chance.random() < 0.5 and writers.count < 5
            writers.write(chance.choice(CHANNELS), count, later=later, chance=chance)
        if writers.count and chance.random() < 0.3:
            writers.end(chance.randrange(writers.count), commit=chance.random() < 0.8)
        accepted = [one for one in leader.in_hand if chance.random() < 0.5]
        resting = [one for one in CHANNELS if chance.random() < 0.4]
        seconds = chance.choice((0.001, 0.03, 0.2, 1.2))
        await leader.claim(seconds, accepted=accepted, resting=resting)
    while writers.count:
        writers.end(0, commit=True)
    for _ in range(200):
        await leader.claim(0.2, accepted=list(leader.in_hand), resting=[])
    assert leader.committed() == {}
