"""A claim's cost does not depend on what lies about in the outbox."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg2
import pytest

from connector_task.capture.installer import Installer
from connector_task.postgres.outbox import PostgresOutbox
from connector_task.postgres.statements import execution, preparation, statement
from connector_task.relay.backlog_index import BacklogIndex
from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import Batch, ClaimRequest, ClaimResult, Outcomes
from tests.fakes.logger import MemoryLogger
from tests.fixtures.connector import database_settings, query, session

LIMITS = BatchLimits()
FILL = "INSERT INTO ably.outbox (channel, data) SELECT %s, 'x' FROM generate_series(1, %s)"


class Leader:
    """A leader's claims, with what it learns from them, and no Ably."""

    def __init__(self, url: str, outbox: PostgresOutbox) -> None:
        self.url = url
        self.outbox = outbox
        self.now = 0.0
        self.backlog_index = BacklogIndex()

    async def full_scan(self) -> None:
        self.backlog_index.full_scan_done(await self.outbox.full_scan(), self.now, 0.0)

    async def claim(self, outcomes: Outcomes | None = None, *closed: str) -> ClaimResult:
        """One claim, a second after the one before it."""
        self.now += 1.1
        if self.now >= self.backlog_index.next_full_scan_at:
            await self.full_scan()
        claim_request = ClaimRequest(
            waiting=self.backlog_index.ready(closed, LIMITS.request_channels),
            resting=closed,
            start=self.backlog_index.start,
            floor=self.backlog_index.floor,
            running=self.backlog_index.running,
        )
        fence = await self.outbox.fence() if self.backlog_index.wants_fence else None
        claim = await self.outbox.settle_and_claim(outcomes or Outcomes(), LIMITS, claim_request)
        self.backlog_index.claimed(claim, fence)
        return claim

    async def accept(self, batches: list[Batch], *closed: str) -> ClaimResult:
        return await self.claim(Outcomes(accepted=[batch.id for batch in batches]), *closed)

    def rows_walked(self) -> int:
        """Index entries and rows of the outbox that all statements so far have read."""
        ((read,),) = query(
            self.url,
            "SELECT pg_stat_get_tuples_returned(oid) FROM pg_class "
            "WHERE oid = 'ably.outbox'::regclass",
        )
        ((by_index,),) = query(
            self.url,
            "SELECT sum(pg_stat_get_tuples_returned(indexrelid))::bigint FROM pg_index "
            "WHERE indrelid = 'ably.outbox'::regclass",
        )
        return int(read) + int(by_index)


@pytest.fixture
async def leader(database_url: str) -> AsyncIterator[Leader]:
    settings = database_settings(database_url)
    Installer(settings, (), MemoryLogger()).install()
    outbox = PostgresOutbox(settings)
    assert await outbox.try_to_lead()
    yield Leader(database_url, outbox)
    await outbox.close()


async def explained(
    leader: Leader, leave: Callable[[], None], *, due: bool = True
) -> dict[str, Any]:
    """The plan of a claim as the relay's session makes it, as it was carried out."""
    parameters = {
        "due": due, "in_hand": [], "channels": ["quiet"], "starts": [0], "resting": ["blocked"],
        "start": 0, "max_bytes": 65536, "max_messages": 1000, "max_channels": 100,
        "max_scanned": 1000, "shard": 0, "shards": 1, "floor": 0, "running": ["1000000000"],
    }  # fmt: skip
    with session(leader.url) as connection, connection.cursor() as cursor:
        cursor.execute(statement("session"))
        cursor.execute(preparation("claim"))
        query(leader.url, "DELETE FROM ably.outbox")
        query(leader.url, "VACUUM ably.outbox")
        cursor.execute(execution("claim"), parameters)  # planned while there is nothing
        leave()
        cursor.execute("EXPLAIN (ANALYZE, FORMAT json) " + execution("claim"), parameters)
        ((plan,),) = cursor.fetchall()
    root: dict[str, Any] = plan[0]["Plan"]
    return root


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


async def test_a_claim_goes_by_its_indexes_on_a_bloated_outbox(leader: Leader) -> None:
    def leave_a_bloated_outbox() -> None:
        query(leader.url, FILL, "gone", 100_000)
        query(leader.url, "DELETE FROM ably.outbox")
        query(leader.url, FILL, "blocked", 50_000)
        query(leader.url, FILL, "quiet", 10)

    query(leader.url, "ALTER TABLE ably.outbox SET (autovacuum_enabled = false)")
    plan = await explained(leader, leave_a_bloated_outbox)
    scans = [node for node in nodes(plan) if node.get("Relation Name") == "outbox"]
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan"}
    walked = [node["Actual Rows"] * node["Actual Loops"] for node in scans]
    passed_over = [node.get("Rows Removed by Filter", 0) for node in scans]
    assert sorted(walked) == [10, 10, 1000]  # the look, the channel's messages, and their contents
    assert passed_over == [0, 0, 0]


@pytest.mark.parametrize("due", [True, False])
async def test_the_batches_are_read_only_when_one_may_be_due(leader: Leader, *, due: bool) -> None:
    def leave_batches() -> None:
        query(
            leader.url,
            "INSERT INTO ably.batch (channel, outbox_ids) "
            "SELECT 'channel ' || n, ARRAY[n] FROM generate_series(1, 1000) AS n",
        )

    plan = await explained(leader, leave_batches, due=due)
    batches = [node for node in nodes(plan) if node.get("Relation Name") == "batch"]
    assert max(node["Actual Rows"] * node["Actual Loops"] for node in batches) == 1000 * due


async def test_a_blocked_channels_backlog_is_not_walked_past(leader: Leader) -> None:
    query(leader.url, FILL, "blocked", 50_000)
    await leader.full_scan()
    query(leader.url, FILL, "quiet", 3)
    before = leader.rows_walked()
    claim = await leader.claim(None, "blocked")
    assert [(batch.channel, len(batch.messages)) for batch in claim.batches] == [("quiet", 3)]
    query(leader.url, FILL, "quiet", 2)
    claim = await leader.accept(list(claim.batches), "blocked")
    assert [len(batch.messages) for batch in claim.batches] == [2]
    await leader.outbox.close()
    assert leader.rows_walked() - before < 1000


async def test_dead_rows_that_an_old_snapshot_keeps_are_not_walked_past_again(
    leader: Leader,
) -> None:
    await leader.full_scan()
    old = psycopg2.connect(leader.url)
    old.set_session(isolation_level="REPEATABLE READ")
    with old.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.execute("SELECT pg_current_xact_id()")  # one that writes, the worst kind
        for _ in range(20):
            query(leader.url, FILL, "a", 1000)
            claim = await leader.claim()
            await leader.accept(list(claim.batches))
        query(leader.url, FILL, "a", 1)
        explain = await explained_from(leader)
    old.close()
    assert explain < 200


async def explained_from(leader: Leader) -> int:
    """How many pages the look of the next claim touches."""
    start = leader.backlog_index.start  # what the next claim would use
    with session(leader.url) as connection, connection.cursor() as cursor:
        cursor.execute(statement("session"))
        cursor.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT json) "
            "SELECT id, channel FROM ably.outbox WHERE id >= %s ORDER BY id LIMIT 1000",
            [start],
        )
        ((plan,),) = cursor.fetchall()
    return int(plan[0]["Plan"]["Shared Hit Blocks"]) + int(plan[0]["Plan"]["Shared Read Blocks"])


async def test_who_commits_late_with_a_low_id_is_found(leader: Leader) -> None:
    await leader.full_scan()
    late = psycopg2.connect(leader.url)
    with late.cursor() as cursor:
        cursor.execute("SELECT ably.publish('late', 'n', 'x')")
        for _ in range(5):
            query(leader.url, FILL, "a", 10)
            claim = await leader.claim()
            await leader.accept(list(claim.batches))
        late.commit()
    late.close()
    found = []
    for _ in range(3):
        claim = await leader.claim()
        found += [batch.channel for batch in claim.batches]
        await leader.accept(list(claim.batches))
    assert "late" in found
