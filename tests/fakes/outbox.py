"""The outbox without a database: one `MemoryDatabase`, any number of sessions with it."""

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector_task.errors import DatabaseUnavailableError, ErrorCode, PublishError
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
from tests.fakes.clock import FakeClock


@dataclass
class OpenBatch:
    """A row of ably.batch."""

    channel: str
    outbox_ids: list[int]
    attempts: int = 0
    due_at: float = 0.0
    last_error: PublishError | None = None


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
    """See `connector_task.relay.ports.Outbox`."""

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

    async def settle(self, outcomes: Outcomes) -> None:
        self._check()
        batches = self.database.batches
        for batch_id in outcomes.accepted:
            self._forget(batch_id)
        for retry in outcomes.retries:
            batch = batches[retry.batch_id]
            batch.attempts += 1
            batch.due_at = self.database.clock.now() + retry.delay_seconds
            batch.last_error = retry.error
        for bisect in outcomes.bisects:
            old = batches.pop(bisect.batch_id)
            kept = old.outbox_ids[: bisect.keep]
            batches[_new_id()] = OpenBatch(
                old.channel, kept, old.attempts + 1, last_error=bisect.error
            )
        for dead_letter in outcomes.dead_letters:
            ids = self._forget(dead_letter.batch_id)
            self.database.dead_letters += [(outbox_id, dead_letter.error) for outbox_id in ids]

    def _forget(self, batch_id: BatchId) -> list[int]:
        ids = self.database.batches.pop(batch_id).outbox_ids
        for outbox_id in ids:
            self.database.messages.pop(outbox_id, None)
        return ids

    async def settle_and_claim(
        self, outcomes: Outcomes, limits: BatchLimits, claim_request: ClaimRequest
    ) -> ClaimResult:
        await self.settle(outcomes)
        now = self.database.clock.now()
        due = [
            batch_id
            for batch_id, batch in self.database.batches.items()
            if claim_request.due and batch.due_at <= now and batch_id not in claim_request.in_hand
        ]
        looked = [one for one in sorted(self.database.messages) if one >= claim_request.start]
        looked = looked[: limits.scanned_messages]
        known = dict(claim_request.waiting)
        for one in looked:
            channel, _ = self.database.messages[one]
            known[channel] = min(one, known.get(channel, one))
        if len(looked) >= limits.scanned_messages:
            known = {channel: min(start, claim_request.start) for channel, start in known.items()}
        asked = self._asked(known, limits, claim_request)
        new, rest = self._claim(asked, limits)
        claimed = sorted(
            due[: limits.request_channels] + new,
            key=lambda batch_id: self.database.batches[batch_id].outbox_ids[0],
        )
        return ClaimResult(
            batches=[self._read(batch_id, limits) for batch_id in claimed],
            asked=list(asked),
            scan=ScanResult(
                found=rest | {name: start for name, start in known.items() if name not in asked},
                top=max(looked, default=0),
            ),
            is_full=len(asked) >= limits.request_channels,
            is_cut=len(looked) >= limits.scanned_messages,
            looked_from=claim_request.start,
        )

    def _asked(
        self, known: dict[str, int], limits: BatchLimits, claim_request: ClaimRequest
    ) -> dict[str, int]:
        busy = {batch.channel for batch in self.database.batches.values()} | {
            *claim_request.resting
        }
        names_all = len(claim_request.waiting) < limits.request_channels
        free = [
            (start, channel)
            for channel, start in known.items()
            if channel not in busy and (names_all or channel in claim_request.waiting)
        ]
        return {channel: start for start, channel in sorted(free)[: limits.request_channels]}

    def _claim(
        self, asked: dict[str, int], limits: BatchLimits
    ) -> tuple[list[BatchId], dict[str, int]]:
        """Open batches for the channels; tells where what did not fit begins."""
        new, rest = [], {}
        for channel, start in asked.items():
            ids = [
                outbox_id
                for outbox_id, (owner, _) in sorted(self.database.messages.items())
                if owner == channel and outbox_id >= start
            ]
            fitting = self._that_fit(ids, limits)
            if fitting:
                batch_id = _new_id()
                self.database.batches[batch_id] = OpenBatch(channel, fitting)
                new.append(batch_id)
            if len(fitting) < len(ids):
                rest[channel] = ids[len(fitting)]
        return new, rest

    async def fence(self) -> int:
        self._check()
        return max(self.database.messages, default=0)

    async def full_scan(self) -> ScanResult:
        self._check()
        found: dict[str, int] = {}
        for outbox_id, (channel, _) in sorted(self.database.messages.items()):
            found.setdefault(channel, outbox_id)
        top = max(self.database.messages, default=0)
        return ScanResult(found=found, top=top)

    async def confirm(self) -> None:
        self._check()

    def _that_fit(self, ids: list[int], limits: BatchLimits) -> list[int]:
        total = 0
        fitting: list[int] = []
        for outbox_id in ids[: limits.array_messages]:
            total += self.database.messages[outbox_id][1].size_bytes
            if fitting and total > limits.array_bytes:
                break
            fitting.append(outbox_id)
        return fitting

    def _read(self, batch_id: BatchId, limits: BatchLimits) -> Batch:
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


def _carried(message: Message, limits: BatchLimits) -> Message:
    if message.size_bytes <= limits.array_bytes:
        return message
    return Message(outbox_id=message.outbox_id, name=message.name, data=None,
                   size_bytes=message.size_bytes)  # fmt: skip


def _new_id() -> BatchId:
    return BatchId(str(uuid.uuid4()))
