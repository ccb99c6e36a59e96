"""The outbox without a database: one `MemoryDatabase`, any number of sessions with it."""

import itertools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector_task.errors import DatabaseUnavailableError, ErrorCode, PublishError
from connector_task.limits import Limits
from connector_task.ports import Backlog, Batch, BatchId, Message, Settlement
from tests.fakes.clock import FakeClock


@dataclass
class OpenBatch:
    """A row of ably.batch."""

    channel: str
    outbox_ids: list[int]
    attempts: int = 0
    due_at: float = 0.0


@dataclass
class MemoryDatabase:
    """Schema ably, as far as a relay sees it."""

    clock: FakeClock
    up: bool = True
    messages: dict[int, tuple[str, Message]] = field(default_factory=dict)
    batches: dict[BatchId, OpenBatch] = field(default_factory=dict)
    dead_letters: list[tuple[int, PublishError]] = field(default_factory=list)
    leader: "MemoryOutbox | None" = None
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def capture(
        self, channel: str, data: str, *, name: str | None = "INSERT",
        headers: Mapping[str, object] | None = None,
    ) -> int:  # fmt: skip
        """A message whose transaction has committed; returns its outbox id."""
        outbox_id = next(self.ids)
        message = Message(
            outbox_id=outbox_id,
            name=name,
            data=data,
            headers=headers,
            size_bytes=len(data.encode()) + len((name or "").encode()),
        )
        self.messages[outbox_id] = (channel, message)
        return outbox_id


class MemoryOutbox:
    """See `connector_task.ports.Outbox`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self.database = database
        self._is_open = False

    async def try_to_lead(self) -> bool:
        if not self.database.up:
            raise DatabaseUnavailableError(ErrorCode.DATABASE_UNAVAILABLE, "it is down")
        self._is_open = True
        if self.database.leader is None:
            self.database.leader = self
        return self.database.leader is self

    async def settle(self, settlement: Settlement) -> None:
        self._check()
        batches = self.database.batches
        for batch_id in settlement.accepted:
            self._forget(batch_id)
        for postponement in settlement.postponed:
            batch = batches[postponement.batch_id]
            batch.attempts += 1
            batch.due_at = self.database.clock.now() + postponement.delay_seconds
        for narrowing in settlement.narrowed:
            old = batches.pop(narrowing.batch_id)
            kept = old.outbox_ids[: narrowing.keep]
            batches[_new_id()] = OpenBatch(old.channel, kept, old.attempts + 1)
        for burial in settlement.buried:
            ids = self._forget(burial.batch_id)
            self.database.dead_letters += [(outbox_id, burial.error) for outbox_id in ids]

    def _forget(self, batch_id: BatchId) -> list[int]:
        ids = self.database.batches.pop(batch_id).outbox_ids
        for outbox_id in ids:
            self.database.messages.pop(outbox_id, None)
        return ids

    async def settle_and_claim(
        self, settlement: Settlement, limits: Limits, in_flight: Sequence[BatchId]
    ) -> list[Batch]:
        await self.settle(settlement)
        now = self.database.clock.now()
        due = [
            batch_id
            for batch_id, batch in self.database.batches.items()
            if batch.due_at <= now and batch_id not in in_flight
        ]
        claimed = due[: limits.request_channels] + self._claim(limits)
        claimed.sort(key=lambda batch_id: self.database.batches[batch_id].outbox_ids[0])
        return [self._read(batch_id, limits) for batch_id in claimed]

    def _claim(self, limits: Limits) -> list[BatchId]:
        busy = {batch.channel for batch in self.database.batches.values()}
        by_channel: dict[str, list[int]] = {}
        for outbox_id, (channel, _) in sorted(self.database.messages.items()):
            if channel not in busy:
                by_channel.setdefault(channel, []).append(outbox_id)
        new = []
        for channel, ids in list(by_channel.items())[: limits.request_channels]:
            batch_id = _new_id()
            self.database.batches[batch_id] = OpenBatch(channel, self._that_fit(ids, limits))
            new.append(batch_id)
        return new

    def _that_fit(self, ids: list[int], limits: Limits) -> list[int]:
        total = 0
        fitting: list[int] = []
        for outbox_id in ids[: limits.array_messages]:
            total += self.database.messages[outbox_id][1].size_bytes
            if fitting and total > limits.array_bytes:
                break
            fitting.append(outbox_id)
        return fitting

    def _read(self, batch_id: BatchId, limits: Limits) -> Batch:
        batch = self.database.batches[batch_id]
        stored = [self.database.messages[one][1] for one in batch.outbox_ids if one in
                  self.database.messages]  # fmt: skip
        return Batch(
            id=batch_id,
            channel=batch.channel,
            attempts=batch.attempts,
            messages=tuple(_carried(message, limits) for message in stored),
        )

    async def backlog(self) -> Backlog:
        self._check()
        return Backlog(len(self.database.messages), 0.0)

    async def close(self) -> None:
        self._is_open = False
        if self.database.leader is self:
            self.database.leader = None

    def _check(self) -> None:
        if not self.database.up or not self._is_open:
            raise DatabaseUnavailableError(ErrorCode.DATABASE_UNAVAILABLE, "no session")


def _carried(message: Message, limits: Limits) -> Message:
    if message.size_bytes <= limits.array_bytes:
        return message
    return Message(outbox_id=message.outbox_id, name=message.name, data=None,
                   size_bytes=message.size_bytes)  # fmt: skip


def _new_id() -> BatchId:
    return BatchId(str(uuid.uuid4()))
