"""Publishes batches and decides what becomes of each; the essay in relay.py says why so."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from connector_task.errors import PublishError, PublishRequestError
from connector_task.relay.limits import Limits
from connector_task.relay.ports import (
    Batch,
    Burial,
    Clock,
    Counters,
    Facts,
    Journal,
    Narrowing,
    Postponement,
    Publisher,
    Settlement,
    Wakeable,
)
from connector_task.relay.retry_policy import TOO_LARGE_CODE, Backoff, Verdict, judge
from connector_task.relay.state import Vitals


@dataclass(kw_only=True, slots=True)
class Delivery:
    """The way of claimed batches to Ably, and the account of it.

    Attributes:
        stopped: once it is set, no further request is begun.
        held_until: the time before which no request is begun, since one has failed as a whole.
    """

    publisher: Publisher
    clock: Clock
    counters: Counters
    journal: Journal
    vitals: Vitals
    backoff: Backoff
    stopped: Wakeable
    limits: Limits = field(default_factory=Limits)
    held_until: float = 0.0
    _failures: int = 0

    def sendable(self, batches: Iterable[Batch], settlement: Settlement) -> Iterator[Batch]:
        """Pass the batches just claimed that can be sent; settle those that never will be."""
        for batch in batches:
            if not batch.messages:  # someone has emptied the outbox by hand
                settlement.accepted.append(batch.id)
            elif any(message.data is None for message in batch.messages):
                reason = f"the message has {batch.size_bytes} bytes, {self.limits.array_bytes} fit"
                self._bury(batch, PublishError(TOO_LARGE_CODE, 0, reason), settlement)
            else:
                yield replace(batch, claimed_at=self.clock.now())

    async def deliver(self, request: Sequence[Batch]) -> Settlement:
        """Publish the batches in one request; what was not even tried is not in the settlement.

        Such a batch is still due in the table, so the next claim brings it again.
        """
        settlement = Settlement()
        await self._send(request, settlement)
        return settlement

    async def _send(self, request: Sequence[Batch], settlement: Settlement) -> None:
        started = self.clock.now()
        if self.stopped.is_set() or started < self.held_until:
            return
        try:
            results = await self.publisher.publish(request)
        except PublishRequestError as exc:
            await self._request_failed(request, exc.error, settlement)
        else:
            self._ably_answers()
            seconds = self.clock.now() - started
            for batch, error in zip(request, results, strict=True):
                if error is None:
                    self._accepted(batch, seconds, settlement)
                else:
                    self._batch_failed(batch, error, settlement)

    async def _request_failed(
        self, request: Sequence[Batch], error: PublishError, settlement: Settlement
    ) -> None:
        if judge(error) in (Verdict.AGAIN, Verdict.BLOCKED):
            self._hold(error)
            delay = self.held_until - self.clock.now()
            for batch in request:
                self._postpone(batch, error, delay, settlement)
            return
        self._ably_answers()
        if len(request) == 1:
            self._batch_failed(request[0], error, settlement)
            return
        for batch in request:  # one of them spoils the request: which, shows when each is alone
            await self._send([batch], settlement)

    def _hold(self, error: PublishError) -> None:
        """Leave Ably alone for a while; requests that fail side by side are one failure."""
        self.vitals.ably_error = str(error.code)
        if self.clock.now() >= self.held_until:
            self._failures += 1
            self.held_until = self.clock.now() + self.backoff.delay(self._failures)

    def _accepted(self, batch: Batch, seconds: float, settlement: Settlement) -> None:
        settlement.accepted.append(batch.id)
        held = self.clock.now() - batch.claimed_at
        self.counters.published(batch, request_seconds=seconds, held_seconds=held)
        self._tell_problems(batch)
        self.journal.info(
            "batch published",
            {
                **_facts(batch),
                "batch_bytes": batch.size_bytes,
                "duration_ms": _ms(seconds),
                "lag_ms": _ms(batch.waited_seconds + held),
            },
        )

    def _tell_problems(self, batch: Batch) -> None:
        problems = [message.problem for message in batch.messages if message.problem]
        if problems:
            self.counters.degraded(len(problems))
            self.journal.warning(
                "changes were captured not quite as configured",
                {
                    "action": "capture",
                    "channel": batch.channel,
                    "count": len(problems),
                    "error": problems[0],
                },
            )

    def _batch_failed(self, batch: Batch, error: PublishError, settlement: Settlement) -> None:
        verdict = judge(error)
        if verdict in (Verdict.AGAIN, Verdict.BLOCKED):
            self._postpone(batch, error, self.backoff.delay(batch.attempts + 1), settlement)
        elif verdict is Verdict.MESSAGE_REFUSED and len(batch.messages) > 1:
            self.counters.failed(error)
            keep = len(batch.messages) // 2
            settlement.narrowed.append(Narrowing(batch.id, keep, error))
            self.journal.warning("batch refused, halving it", {**_facts(batch), **_why(error)})
        else:
            self.counters.failed(error)
            self._bury(batch, error, settlement)

    def _postpone(
        self, batch: Batch, error: PublishError, delay: float, settlement: Settlement
    ) -> None:
        self.counters.failed(error)
        settlement.postponed.append(Postponement(batch.id, delay, error))
        must_act = judge(error) is Verdict.BLOCKED
        level = self.journal.error if must_act else self.journal.warning
        facts: Facts = {**_facts(batch), **_why(error), "wait_ms": _ms(delay)}
        level("publish failed, trying again", facts)

    def _bury(self, batch: Batch, error: PublishError, settlement: Settlement) -> None:
        settlement.buried.append(Burial(batch.id, error))
        self.counters.dead_lettered(len(batch.messages))
        self.journal.error(
            "messages dead-lettered",
            {**_facts(batch), **_why(error), "outbox_id": batch.messages[0].outbox_id},
        )

    def _ably_answers(self) -> None:
        self._failures = 0
        self.vitals.ably_error = None


def _facts(batch: Batch) -> Facts:
    return {
        "action": "publish",
        "channel": batch.channel,
        "batch_size": len(batch.messages),
        "attempt": batch.attempts + 1,
    }


def _why(error: PublishError) -> Facts:
    return {"error_code": error.code, "error": error.reason}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
