"""The outbox in Postgres: leadership, claims and settlements over one session."""

from contextlib import suppress
from itertools import groupby
from typing import Any

from connector_task.config.database import DatabaseSettings
from connector_task.config.model import MAX_SHARDS
from connector_task.errors import DatabaseUnavailableError, PublishError
from connector_task.postgres.session import (
    APPLICATION_LOCK,
    AWAKE_LOCK,
    DIVISION_LOCK,
    ELECTION_LOCK,
    LEADERSHIP_LOCK,
    Connection,
    PostgresSession,
)
from connector_task.postgres.statements import PARAMETERS, execution, preparation, statement
from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import (
    Backlog,
    Batch,
    BatchId,
    ClaimRequest,
    ClaimResult,
    Message,
    Outcomes,
    ScanResult,
)


class PostgresOutbox:
    """See `ports.Outbox`; one connector's view of schema ably.

    Args:
        shard: the part of the channels that is seen and led, from 0.
        shards: into how many parts they are divided.
    """

    def __init__(self, settings: DatabaseSettings, *, shard: int = 0, shards: int = 1) -> None:
        self._session = PostgresSession(settings)
        self._shard = {"application": APPLICATION_LOCK, "shard": shard, "shards": shards}

    async def try_to_lead(self) -> bool:
        """Ask for the lock, over a new session where there is none."""
        if not self._session.is_open:
            await self._session.open()
            prepared = [preparation(name) for name in PARAMETERS]
            await self._execute("\n".join([statement("session"), *prepared]), None)

        def work(connection: Connection) -> bool:
            with connection.cursor() as cursor:
                cursor.execute(
                    statement("try_to_lead"),
                    {
                        **self._shard,
                        "mutex": ELECTION_LOCK,
                        "leadership": LEADERSHIP_LOCK,
                        "division": DIVISION_LOCK,
                        "max_shards": MAX_SHARDS,
                    },
                )
                row = cursor.fetchone()
            return bool(row and row[0])

        return await self._session.call(work)

    async def settle(self, outcomes: Outcomes) -> None:
        """Record what became of batches, in one transaction."""
        text, parameters = _settling(outcomes)
        if text:
            await self._execute(text, parameters)

    async def settle_and_claim(
        self, outcomes: Outcomes, limits: BatchLimits, claim_request: ClaimRequest
    ) -> ClaimResult:
        """Record and claim in one transaction and one round trip."""
        text, parameters = _settling(outcomes)
        if claim_request.mode_change is not None:
            text += statement("change_mode")
        parameters |= self._shard
        parameters |= {
            "awake_lock": AWAKE_LOCK,
            "is_awake": claim_request.mode_change,
            "due": claim_request.due,
            "in_hand": list(claim_request.in_hand),
            "channels": list(claim_request.waiting),
            "starts": list(claim_request.waiting.values()),
            "resting": list(claim_request.resting),
            "start": claim_request.start,
            "floor": claim_request.floor,
            "running": [str(transaction) for transaction in claim_request.running],
            "max_bytes": limits.array_bytes,
            "max_messages": limits.array_messages,
            "max_channels": limits.request_channels,
            "max_scanned": limits.scanned_messages,
        }
        return _claim(await self._execute(text + execution("claim"), parameters), limits)

    async def fence(self) -> int:
        """A transaction of its own, which writes nothing."""
        ((top, _),) = await self._execute(statement("fence"), {})
        return int(top)

    async def full_scan(self) -> ScanResult:
        """Go from channel to channel by the index."""
        top = await self.fence()
        ((scanned,),) = await self._execute(statement("full_scan"), self._shard)
        return _scan_result({**scanned, "top": top})

    async def confirm(self) -> None:
        """One empty round trip: the lock cannot be lost while its session lives."""
        await self._execute("SELECT", {})

    async def backlog(self) -> Backlog:
        """Over the relay's own session, between its calls."""
        rows = await self._execute(statement("backlog"), {})
        return Backlog(*rows[0])

    async def close(self) -> None:
        """Give the lead up at once, and end the session."""
        if self._session.is_open:
            with suppress(DatabaseUnavailableError):
                await self._execute("SELECT pg_advisory_unlock_all()", {})
        await self._session.close()

    async def _execute(self, text: str, parameters: dict[str, Any] | None) -> list[tuple[Any, ...]]:
        # Several statements in one message are one transaction for Postgres, and one round trip.
        def work(connection: Connection) -> list[tuple[Any, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(text, parameters)
                return cursor.fetchall() if cursor.description else []

        return await self._session.call(work)


def _settling(outcomes: Outcomes) -> tuple[str, dict[str, Any]]:
    """The statements for what there is to settle, and their parameters."""
    text = ""
    parameters: dict[str, Any] = {}
    if outcomes.accepted:
        text += statement("accept")
        parameters |= {"accepted": list(outcomes.accepted)}
    if outcomes.retries:
        text += statement("retry")
        parameters |= {
            "postponed": [one.batch_id for one in outcomes.retries],
            "delays": [one.delay_seconds for one in outcomes.retries],
            "postponed_errors": [_describe(one.error) for one in outcomes.retries],
        }
    if outcomes.bisects:
        text += statement("bisect")
        parameters |= {
            "narrowed": [one.batch_id for one in outcomes.bisects],
            "keeps": [one.keep for one in outcomes.bisects],
            "narrowed_errors": [_describe(one.error) for one in outcomes.bisects],
        }
    if outcomes.dead_letters:
        text += statement("dead_letter")
        parameters |= {
            "buried": [one.batch_id for one in outcomes.dead_letters],
            "codes": [str(one.error.code) for one in outcomes.dead_letters],
            "buried_errors": [one.error.reason for one in outcomes.dead_letters],
        }
    return text, parameters


def _describe(error: PublishError) -> str:
    return f"{error.code}: {error.reason}"


def _claim(rows: list[tuple[Any, ...]], limits: BatchLimits) -> ClaimResult:
    (*_, scanned, _, _), *messages = rows
    return ClaimResult(
        batches=_batches(messages),
        asked=scanned["asked"],
        scan=_scan_result(scanned),
        is_full=len(scanned["asked"]) >= limits.request_channels,
        is_cut=scanned["looked"] >= limits.scanned_messages,
        looked_from=scanned["looked_from"],
    )


def _scan_result(scanned: dict[str, Any]) -> ScanResult:
    return ScanResult(
        found=scanned["found"],
        top=scanned["top"],
        running=scanned["running"],
    )


def _batches(rows: list[tuple[Any, ...]]) -> list[Batch]:
    # Rows come ordered by batch; one without an outbox row is a batch whose messages are gone.
    return [
        Batch(
            id=BatchId(batch_id),
            channel=channel,
            attempts=attempts,
            messages=tuple(_message(row) for row in members if row[3] is not None),
        )
        for (batch_id, channel, attempts), members in groupby(rows, key=lambda row: row[:3])
    ]


def _message(row: tuple[Any, ...]) -> Message:
    (outbox_id, name, data, headers, size_bytes, truncated, encoding, problem, waited) = row[3:12]
    return Message(
        outbox_id=outbox_id,
        name=name,
        data=data,
        headers=headers,
        size_bytes=size_bytes,
        truncated=truncated,
        encoding=encoding,
        problem=problem,
        waited_seconds=waited,
    )
