"""Publishes batches and decides what becomes of each; the essay in relay.py says why so."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from connector_task.errors import PublishError, PublishRequestError
from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import (
    Batch,
    Bisect,
    Clock,
    Counters,
    DeadLetter,
    LogFields,
    Logger,
    Outcomes,
    Publisher,
    Retry,
    Wakeable,
)
from connector_task.relay.retry_policy import TOO_LARGE_CODE, Backoff, ErrorClass, classify
from connector_task.relay.state import RelayState


@dataclass(kw_only=True, slots=True)
class Delivery:
    """The way of claimed batches to Ably, and the account of it.

    Attributes:
        stopped: once it is set, no further request is begun.
        backoff_until: the time before which no request is begun, since one has failed as a whole.
    """

    publisher: Publisher
    clock: Clock
    counters: Counters
    logger: Logger
    state: RelayState
    backoff: Backoff
    stopped: Wakeable
    limits: BatchLimits = field(default_factory=BatchLimits)
    backoff_until: float = 0.0
    _failures: int = 0

    def sendable(self, batches: Iterable[Batch], outcomes: Outcomes) -> Iterator[Batch]:
        """Pass the batches just claimed that can be sent; settle those that never will be."""
        for batch in batches:
            if not batch.messages:  # someone has emptied the outbox by hand
                outcomes.accepted.append(batch.id)
            elif any(message.data is None for message in batch.messages):
                reason = f"the message has {batch.size_bytes} bytes, {self.limits.array_bytes} fit"
                self._dead_letter(batch, PublishError(TOO_LARGE_CODE, 0, reason), outcomes)
            else:
                yield replace(batch, claimed_at=self.clock.now())

    async def deliver(self, request: Sequence[Batch]) -> Outcomes:
        """Publish the batches in one request; what was not even tried is not in the settlement.

        Such a batch is still due in the table, so the next claim brings it again.
        """
        outcomes = Outcomes()
        await self._send(request, outcomes)
        return outcomes

    async def _send(self, request: Sequence[Batch], outcomes: Outcomes) -> None:
        started = self.clock.now()
        if self.stopped.is_set() or started < self.backoff_until:
            return
        try:
            results = await self.publisher.publish(request)
        except PublishRequestError as exc:
            await self._request_failed(request, exc.error, outcomes)
        else:
            self._ably_answers()
            seconds = self.clock.now() - started
            for batch, error in zip(request, results, strict=True):
                if error is None:
                    self._accepted(batch, seconds, outcomes)
                else:
                    self._batch_failed(batch, error, outcomes)

    async def _request_failed(
        self, request: Sequence[Batch], error: PublishError, outcomes: Outcomes
    ) -> None:
        if classify(error) in (ErrorClass.AGAIN, ErrorClass.BLOCKED):
            self._back_off(error)
            delay = self.backoff_until - self.clock.now()
            for batch in request:
                self._retry(batch, error, delay, outcomes)
            return
        self._ably_answers()
        if len(request) == 1:
            self._batch_failed(request[0], error, outcomes)
            return
        for batch in request:  # one of them spoils the request: which, shows when each is alone
            await self._send([batch], outcomes)

    def _back_off(self, error: PublishError) -> None:
        """Leave Ably alone for a while; requests that fail side by side are one failure."""
        self.state.ably_error = str(error.code)
        if self.clock.now() >= self.backoff_until:
            self._failures += 1
            self.backoff_until = self.clock.now() + self.backoff.delay(self._failures)

    def _accepted(self, batch: Batch, seconds: float, outcomes: Outcomes) -> None:
        outcomes.accepted.append(batch.id)
        held = self.clock.now() - batch.claimed_at
        self.counters.published(batch, request_seconds=seconds, held_seconds=held)
        self._tell_problems(batch)
        self.logger.info(
            "batch published",
            {
                **_fields(batch),
                "batch_bytes": batch.size_bytes,
                "duration_ms": _ms(seconds),
                "lag_ms": _ms(batch.waited_seconds + held),
            },
        )

    def _tell_problems(self, batch: Batch) -> None:
        problems = [message.problem for message in batch.messages if message.problem]
        if problems:
            self.counters.degraded(len(problems))
            self.logger.warning(
                "changes captured with a fallback",
                {
                    "action": "capture",
                    "channel": batch.channel,
                    "count": len(problems),
                    "error": problems[0],
                },
            )

    def _batch_failed(self, batch: Batch, error: PublishError, outcomes: Outcomes) -> None:
        error_class = classify(error)
        if error_class in (ErrorClass.AGAIN, ErrorClass.BLOCKED):
            self._retry(batch, error, self.backoff.delay(batch.attempts + 1), outcomes)
        elif error_class is ErrorClass.MESSAGE_REFUSED and len(batch.messages) > 1:
            self.counters.failed(error)
            keep = len(batch.messages) // 2
            outcomes.bisects.append(Bisect(batch.id, keep, error))
            self.logger.warning("batch refused, halving it", {**_fields(batch), **_why(error)})
        else:
            self.counters.failed(error)
            self._dead_letter(batch, error, outcomes)

    def _retry(self, batch: Batch, error: PublishError, delay: float, outcomes: Outcomes) -> None:
        self.counters.failed(error)
        outcomes.retries.append(Retry(batch.id, delay, error))
        must_act = classify(error) is ErrorClass.BLOCKED
        level = self.logger.error if must_act else self.logger.warning
        fields: LogFields = {**_fields(batch), **_why(error), "wait_ms": _ms(delay)}
        level("publish failed, trying again", fields)

    def _dead_letter(self, batch: Batch, error: PublishError, outcomes: Outcomes) -> None:
        outcomes.dead_letters.append(DeadLetter(batch.id, error))
        self.counters.dead_lettered(len(batch.messages))
        self.logger.error(
            "messages dead-lettered",
            {**_fields(batch), **_why(error), "outbox_id": batch.messages[0].outbox_id},
        )

    def _ably_answers(self) -> None:
        self._failures = 0
        self.state.ably_error = None


def _fields(batch: Batch) -> LogFields:
    return {
        "action": "publish",
        "channel": batch.channel,
        "batch_size": len(batch.messages),
        "attempt": batch.attempts + 1,
    }


def _why(error: PublishError) -> LogFields:
    return {"error_code": error.code, "error": error.reason}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
