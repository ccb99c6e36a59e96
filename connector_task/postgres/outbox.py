"""The outbox in Postgres: leadership, claims and settlements over one session."""

from contextlib import suppress
from itertools import groupby
from typing import Any

from connector_task.config.model import MAX_SHARDS, DatabaseSettings
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
from connector_task.relay.limits import Limits
from connector_task.relay.ports import (
    Backlog,
    Batch,
    BatchId,
    Claim,
    Message,
    Search,
    Settlement,
    Sighting,
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

    async def settle(self, settlement: Settlement) -> None:
        """Record what became of batches, in one transaction."""
        text, parameters = _settling(settlement)
        if text:
            await self._execute(text, parameters)

    async def settle_and_claim(
        self, settlement: Settlement, limits: Limits, search: Search
    ) -> Claim:
        """Record and claim in one transaction and one round trip."""
        text, parameters = _settling(settlement)
        if search.announcement is not None:
            text += statement("announce")
        parameters |= self._shard
        parameters |= {
            "awake_lock": AWAKE_LOCK,
            "is_awake": search.announcement,
            "due": search.due,
            "in_hand": list(search.in_hand),
            "channels": list(search.waiting),
            "starts": list(search.waiting.values()),
            "resting": list(search.resting),
            "start": search.start,
            "floor": search.floor,
            "running": [str(transaction) for transaction in search.running],
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

    async def survey(self) -> Sighting:
        """Go from channel to channel by the index."""
        top = await self.fence()
        ((facts,),) = await self._execute(statement("survey"), self._shard)
        return _sighting({**facts, "top": top})

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


def _settling(settlement: Settlement) -> tuple[str, dict[str, Any]]:
    """The statements for what there is to settle, and their parameters."""
    text = ""
    parameters: dict[str, Any] = {}
    if settlement.accepted:
        text += statement("accept")
        parameters |= {"accepted": list(settlement.accepted)}
    if settlement.postponed:
        text += statement("postpone")
        parameters |= {
            "postponed": [one.batch_id for one in settlement.postponed],
            "delays": [one.delay_seconds for one in settlement.postponed],
            "postponed_errors": [_describe(one.error) for one in settlement.postponed],
        }
    if settlement.narrowed:
        text += statement("narrow")
        parameters |= {
            "narrowed": [one.batch_id for one in settlement.narrowed],
            "keeps": [one.keep for one in settlement.narrowed],
            "narrowed_errors": [_describe(one.error) for one in settlement.narrowed],
        }
    if settlement.buried:
        text += statement("bury")
        parameters |= {
            "buried": [one.batch_id for one in settlement.buried],
            "codes": [str(one.error.code) for one in settlement.buried],
            "buried_errors": [one.error.reason for one in settlement.buried],
        }
    return text, parameters


def _describe(error: PublishError) -> str:
    return f"{error.code}: {error.reason}"


def _claim(rows: list[tuple[Any, ...]], limits: Limits) -> Claim:
    (*_, facts, _, _), *messages = rows
    return Claim(
        batches=_batches(messages),
        asked=facts["asked"],
        sighting=_sighting(facts),
        is_full=len(facts["asked"]) >= limits.request_channels,
        is_cut=facts["looked"] >= limits.scanned_messages,
        looked_from=facts["looked_from"],
    )


def _sighting(facts: dict[str, Any]) -> Sighting:
    return Sighting(
        found=facts["found"],
        top=facts["top"],
        running=facts["running"],
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
