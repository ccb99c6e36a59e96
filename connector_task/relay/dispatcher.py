"""One leader's loop: claim, send, settle, with several requests on their way at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from connector_task.relay import requests
from connector_task.relay.backlog_index import BacklogIndex
from connector_task.relay.delivery import Delivery
from connector_task.relay.limits import BatchLimits
from connector_task.relay.notify_policy import NotifyPolicy
from connector_task.relay.ports import (
    Batch,
    BatchId,
    ClaimRequest,
    Clock,
    Counters,
    Outbox,
    Outcomes,
    Signal,
)
from connector_task.relay.rate_limiter import RateLimiter
from connector_task.relay.state import RelayState

LEASE_SECONDS = 1.0  # how long an answer of the database is taken for proof of the lead


@dataclass(kw_only=True, slots=True)
class Dispatcher:
    """The work of one leader from the time it takes the lead until it stops or loses it.

    Attributes:
        woken: set when there may be work, and when a request has come back.
        stopped: set when nothing more is to be begun.
        poll_seconds: the longest wait while nothing wakes it.
        max_in_flight: requests on their way at a time.
    """

    outbox: Outbox
    delivery: Delivery
    clock: Clock
    counters: Counters
    state: RelayState
    woken: Signal
    stopped: Signal
    poll_seconds: float
    max_in_flight: int
    limits: BatchLimits
    rate_limiter: RateLimiter
    _notify_policy: NotifyPolicy = field(default_factory=NotifyPolicy)
    _backlog_index: BacklogIndex = field(default_factory=BacklogIndex)
    _outcomes: Outcomes = field(default_factory=Outcomes)
    _open: dict[BatchId, Batch] = field(default_factory=dict)  # ours, until settled
    _queue: list[Batch] = field(default_factory=list)  # those of them that are not sent yet
    _backing_off: dict[str, float] = field(default_factory=dict)  # channels, and when to ask again
    _unsettled_retries: dict[BatchId, str] = field(
        default_factory=dict
    )  # channels, until it is settled
    _due_at: float = 0.0  # when to look for open batches that are in nobody's hand
    _flights: "dict[asyncio.Task[Outcomes], list[Batch]]" = field(default_factory=dict)
    _answered_at: float = 0.0
    _throttled_since: float | None = None
    _has_more: bool = False

    async def run(self) -> None:
        """Relay until stopped, then wait for what is on its way and settle it.

        Raises:
            DatabaseUnavailableError: the session is lost and the lead with it. What was on its way
                is dropped unsettled.
        """
        try:
            while not self.stopped.is_set():
                await self._turn()
            if self._flights:
                await asyncio.wait(self._flights)
            self._collect()
            await self._settle()
        finally:
            for flight in self._flights:
                flight.cancel()
            await asyncio.gather(*self._flights, return_exceptions=True)

    async def _turn(self) -> None:
        self.state.ticked_at = self.clock.now()
        # Cleared before the look: what is committed after it sets it again.
        self.woken.clear()
        self._collect()
        if self.clock.now() >= self._backlog_index.next_full_scan_at:
            await self._full_scan()
        if self._has_room():
            await self._claim()
        else:
            await self._settle()
        self._send()
        pause = self._pause()
        if pause > 0:
            await self.clock.wait(self.woken, pause)

    def _collect(self) -> None:
        """Take in what has come back."""
        for flight in [flight for flight in self._flights if flight.done()]:
            batches = self._flights.pop(flight)
            result = flight.result()
            for batch in batches:
                self._open.pop(batch.id, None)
            self._take_in(result, {batch.id: batch for batch in batches})

    def _take_in(self, result: Outcomes, batches: dict[BatchId, Batch]) -> None:
        for bisect in result.bisects:
            batch = batches[bisect.batch_id]
            self._backlog_index.unclaimed(batch.channel, batch.messages[0].outbox_id)
        for retry in result.retries:
            channel = batches[retry.batch_id].channel
            self._unsettled_retries[retry.batch_id] = channel
            self._backing_off[channel] = float("inf")
        if len(result.accepted) < len(batches):  # the others are still open, some perhaps due
            self._due_at = self.clock.now()
        self._outcomes.add(result)

    async def _full_scan(self) -> None:
        begun = self.clock.now()
        scan = await self.outbox.full_scan()
        self._answered(begun)
        now = self.clock.now()
        self._backlog_index.full_scan_done(scan, now, now - begun)

    async def _claim(self) -> None:
        begun = self.clock.now()
        wants_fence = self._backlog_index.wants_fence or self._notify_policy.wants_fence
        fence = await self.outbox.fence() if wants_fence else None
        outcomes, self._outcomes = self._outcomes, Outcomes()
        claim_request = self._claim_request(begun)
        claim = await self.outbox.settle_and_claim(outcomes, self.limits, claim_request)
        self._answered(begun)
        self._settled(outcomes)
        self._backlog_index.claimed(claim, fence)
        self._notify_policy.claimed(
            claim,
            changed_mode=claim_request.mode_change,
            is_fenced=fence is not None,
            now=self.clock.now(),
        )
        self._has_more = claim.is_full
        if claim_request.due:
            taken_up = sum(batch.channel not in claim.asked for batch in claim.batches)
            is_all = taken_up < self.limits.request_channels
            self._due_at = self.clock.now() + (self.poll_seconds if is_all else 0.0)
        if not claim.is_full:
            # Some batch of theirs is open that this process has not seen: an earlier leader's.
            later = self.clock.now() + self.poll_seconds
            self._backing_off |= dict.fromkeys(
                claim_request.waiting.keys() - set(claim.asked), later
            )
        self._receive(claim.batches)

    def _claim_request(self, now: float) -> ClaimRequest:
        still = {name: due for name, due in self._backing_off.items() if due > now}
        is_due = now >= self._due_at or len(still) < len(self._backing_off)
        self._backing_off = still
        resting = self.rate_limiter.resting(now)
        closed = {*resting, *self._backing_off, *(batch.channel for batch in self._open.values())}
        return ClaimRequest(
            due=is_due,
            in_hand=list(self._open),
            waiting=self._backlog_index.ready(closed, self.limits.request_channels),
            resting=resting,
            start=self._backlog_index.start,
            floor=self._backlog_index.floor,
            running=self._backlog_index.running,
            mode_change=self._notify_policy.mode_change(now),
        )

    def _receive(self, batches: Sequence[Batch]) -> None:
        undeliverable = Outcomes()
        sendable = list(self.delivery.sendable(batches, undeliverable))
        self._outcomes.add(undeliverable)
        self._has_more = self._has_more or bool(undeliverable)
        for batch in batches:
            self._backing_off.pop(batch.channel, None)
        self._open.update({batch.id: batch for batch in sendable})
        self._queue += sendable
        if batches and self._throttled_since is not None:
            self.counters.throttled(self.clock.now() - self._throttled_since)
        self._throttled_since = None

    async def _settle(self) -> None:
        if self._outcomes:
            begun = self.clock.now()
            outcomes, self._outcomes = self._outcomes, Outcomes()
            await self.outbox.settle(outcomes)
            self._answered(begun)
            self._settled(outcomes)

    def _settled(self, outcomes: Outcomes) -> None:
        # By now the database has begun to count the delays, so none of these is too early.
        now = self.clock.now()
        for one in outcomes.retries:
            self._backing_off[self._unsettled_retries.pop(one.batch_id)] = now + one.delay_seconds

    def _answered(self, asked_at: float) -> None:
        """The database has just proven that this session leads, at least when it was asked."""
        self._answered_at = asked_at
        self.state.database_error = None

    def _has_room(self) -> bool:
        """Whether what would be claimed now could be sent now."""
        now = self.clock.now()
        if len(self._flights) >= self.max_in_flight or now < self.delivery.backoff_until:
            return False
        if now < self.rate_limiter.account_ready_at():
            self._throttled_since = now if self._throttled_since is None else self._throttled_since
            return False
        return not any(
            self.rate_limiter.channel_ready_at(batch.channel) <= now for batch in self._queue
        )

    def _send(self) -> None:
        """Begin as many requests as may be on their way now."""
        now = self.clock.now()
        if now < self.delivery.backoff_until:
            return
        ready = [
            one for one in self._queue if self.rate_limiter.channel_ready_at(one.channel) <= now
        ]
        for request in requests.requests(ready, self.limits):
            is_full = len(self._flights) >= self.max_in_flight
            if is_full or now < self.rate_limiter.account_ready_at():
                return
            self.rate_limiter.spend(request, now)
            sent = {batch.id for batch in request}
            self._queue = [batch for batch in self._queue if batch.id not in sent]
            flight = asyncio.create_task(self._deliver(request))
            flight.add_done_callback(lambda _: self.woken.set())
            self._flights[flight] = request

    async def _deliver(self, request: list[Batch]) -> Outcomes:
        # Where this process was stopped after its claim, another may lead by now.
        if self.clock.now() - self._answered_at > LEASE_SECONDS:
            begun = self.clock.now()
            await self.outbox.confirm()
            self._answered(begun)
        return await self.delivery.deliver(request)

    def _pause(self) -> float:
        """How long to wait for a wake-up."""
        now = self.clock.now()
        times = [
            now + min(self.poll_seconds, self._notify_policy.pause()),
            *self._backing_off.values(),
        ]
        times.append(self._backlog_index.next_full_scan_at)
        times += [self.rate_limiter.channel_ready_at(batch.channel) for batch in self._queue]
        open_channels = {batch.channel for batch in self._open.values()}
        times += [
            self.rate_limiter.channel_ready_at(channel)
            for channel in self._backlog_index.waiting
            if channel not in self._backing_off and channel not in open_channels
        ]
        if self._has_more:
            times.append(now)
        # Nothing can be begun before these, however much there is to do. And then there may be
        # something that nobody has looked for since.
        earliest = max(self.rate_limiter.account_ready_at(), self.delivery.backoff_until)
        if earliest > now:
            times.append(earliest)
        if len(self._flights) >= self.max_in_flight:
            earliest = now + self.poll_seconds
        return max(0.0, earliest - now, min(times) - now)
