"""The relay: takes captured changes from the outbox to Ably.

What is guaranteed
    A message whose transaction has committed is published at least once, and exactly once as long
    as an interruption ends within Ably's two minutes of idempotency. Messages of one channel go
    out in outbox order. One of an uncommitted transaction is invisible here, so it is never
    published.

Why outbox order is commit order per row
    Outbox ids come from a sequence, in the order of the writers' statements and not of their
    commits: a later id may become visible first. But two statements that change the same row
    exclude one another by the row's lock until the first has committed, so their ids are in commit
    order, and whoever sees the second sees the first. Between different rows there is no such
    order to keep, and a late committer's message goes out when it becomes visible.

The states of a message
    captured   a row of ably.outbox, written by the writer's own transaction
    claimed    its id is in the list of a row of ably.batch; at most one batch a channel is open
    gone       accepted by Ably: batch and outbox row are deleted together
    dead       refused for good: moved to ably.dead_letter with the reason

    claim -> publish -> settle, and the next claim is in the same round trip as the settlement.
    The ids under which a batch is published are made of the batch's id and the place in its list.
    Both are on disk before the first byte goes to Ably (so the claim's commit is not one of those
    that may be asynchronous: a claim that a crash of Postgres took back would be made anew under
    another id, and Ably would see new messages). Every later attempt, by whichever process, sends
    the same messages under the same ids, and Ably makes of all of them one.

Who is authoritative
    The database, for everything. It says what is to be sent, in which batches, when a failed
    one is due again, and who leads: the session that holds an advisory lock. Nothing that is
    kept here in memory is needed again after a crash. The notification of a commit only shortens
    the wait for the next poll; the poll finds what a lost one announced.

What happens when
    this process dies     its session ends and with it the lock; a standby, or this process started
                          again, finds the open batches and sends them again unchanged
    the session is lost   whatever is in hand is dropped unsettled, the lock is sought anew, and
                          the open batches come back with the first claim
    Postgres is down      tried again with backoff; writers cannot write either
    Ably is unreachable   the request's batches are put off together and nothing more is claimed
                          until the backoff is over; changes wait in the outbox
    Ably answers 429 or   that channel's batch is put off with a backoff of its own; a channel with
    5xx for one channel   an open batch is not claimed from, so its order holds, others go on
    Ably never answers    the publisher cuts the request; then as for unreachable. Whether it had
                          been accepted does not matter, the ids are the same
    Ably refuses a batch  nothing of it was published. It is cut to its first half, under a new
                          id; the rest is claimed again later. So the message at fault ends up
                          alone and becomes a dead letter; those before and after it arrive in order
    Ably refuses a        (no such name, not within the key's capability) every message of the
    channel               batch becomes a dead letter: none of them would ever get through
    Ably refuses the key  everything waits, at ERROR level: giving up messages for a mistake in a
                          setting would lose them
    this process is told  the request in hand is finished and settled, nothing more is claimed, the
    to stop               session is closed, which hands the lock over at once

What is not handled here
    A leader that is stopped (SIGSTOP, a frozen host) between a claim and its publish while its
    session stays alive keeps the lock. If the session is ended from the other side meanwhile and
    it wakes up more than two minutes later, that one request reaches Ably as a duplicate.
    A channel that is blocked with a very long backlog makes every claim walk past that backlog.
"""

from collections.abc import Callable
from dataclasses import dataclass

from connector_task.dispatch import Dispatch
from connector_task.errors import DatabaseUnavailableError, ErrorCode
from connector_task.ports import Clock, Journal, Outbox, Signal, Wakeups
from connector_task.refusals import Backoff
from connector_task.vitals import Role, Vitals

STANDBY_SECONDS = 0.5  # how often a standby asks for the lock


@dataclass(kw_only=True, slots=True)
class Relay:
    """One connector's loop, leading or standing by.

    Attributes:
        lead: makes the work of one leadership, which knows nothing of an earlier one.
        woken: set when there may be work.
        stopped: set once and for all when the relay is to end.
    """

    outbox: Outbox
    lead: Callable[[], Dispatch]
    wakeups: Wakeups
    clock: Clock
    journal: Journal
    vitals: Vitals
    backoff: Backoff
    woken: Signal
    stopped: Signal
    _failures: int = 0

    def stop(self) -> None:
        """Finish the request in hand and end `run`. Safe to call twice."""
        self.stopped.set()
        self.woken.set()

    async def run(self) -> None:
        """Lead or stand by until `stop`."""
        try:
            while not self.stopped.is_set():
                await self._take_a_turn()
        finally:
            await self.outbox.close()
            self.vitals.role = Role.STOPPED

    async def _take_a_turn(self) -> None:
        self._tick()
        try:
            if await self.outbox.try_to_lead():
                self._database_works()
                await self._lead()
            else:
                self._database_works()
                self._stand_by()
                await self.clock.wait(self.stopped, STANDBY_SECONDS)
        except DatabaseUnavailableError as exc:
            await self.outbox.close()
            await self._wait_for_the_database(exc)

    async def _wait_for_the_database(self, exc: DatabaseUnavailableError) -> None:
        self._failures += 1
        self.vitals.role = Role.STARTING
        self.vitals.database_error = exc.code
        delay = self.backoff.delay(self._failures)
        must_act = exc.code in (ErrorCode.DATABASE_REFUSED, ErrorCode.NOT_INSTALLED)
        level = self.journal.error if must_act else self.journal.warning
        level(
            "the database is unavailable",
            {
                "action": "connect",
                "error_code": exc.code,
                "error": str(exc),
                "attempt": self._failures,
                "wait_ms": round(delay * 1000),
            },
        )
        await self.clock.wait(self.stopped, delay)

    def _stand_by(self) -> None:
        if self.vitals.role is not Role.STANDBY:
            self.vitals.role = Role.STANDBY
            self.journal.info("standing by", {"action": "stand_by"})

    async def _lead(self) -> None:
        self.vitals.role = Role.LEADER
        self.journal.info("leading", {"action": "lead"})
        try:
            await self.wakeups.listen(self.woken.set)
            await self.lead().run()
        finally:
            await self.wakeups.close()

    def _tick(self) -> None:
        self.vitals.ticked_at = self.clock.now()

    def _database_works(self) -> None:
        self._failures = 0
        self.vitals.database_error = None
