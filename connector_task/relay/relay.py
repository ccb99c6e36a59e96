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
    Several requests are on their way at a time, and each is settled when it comes back. A channel
    is in one of them at most, because it has one open batch at most: so its order holds, and a
    slow, limited or failing channel holds up nobody else.
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

Where a claim looks, and why it misses nothing (lookout.py)
    A claim must cost the same with a million rows of a blocked channel in front of it, and with
    dead rows at the head of the index that an old snapshot keeps. So it asks the channels that are
    known to wait, each from an id of its own, and looks for others from a start id on.
    An id is drawn by a transaction that has begun. So when the highest drawn id is read, and a
    look after that misses nothing, all ids up to it are known but for those of transactions that
    ran before and still run: the look names them, and the next one may begin behind that id. When
    one of them has ended, its messages may be anywhere above the floor, the id below which nobody
    is waited for any more; and they precede the next change of their rows, which may become visible
    together with them. So a claim in whose snapshot one of them has ended looks from the floor on.
    A snapshot names running transactions only below the highest that has ended, so one that began a
    moment ago might be missing. Hence the fence: between the reading of the id and the look, a
    transaction takes an id of its own and ends. It is later than all that count, so they are named.
    A look is cut after so many messages. What it did not get to may precede what is known of any
    channel, so they are asked from where the look began; and a survey, which goes from channel to
    channel by their index and misses nothing, takes the place of the rest of the look.
    A survey also opens every leadership, and one a minute covers what this reasoning takes for
    granted: that ids are drawn by the sequence, one by one, and by transactions that have an id of
    their own by then.

When writers notify (alertness.py)
    A notification makes all commits of the database queue for one lock, so a writer notifies only
    while it reads in ably.awake that the relay sleeps. The relay is awake under load: it polls
    every few milliseconds, and is asleep otherwise: it polls every `poll_seconds` and is woken.
    No message waits for a poll because of that. A writer reads the flag after it has written, so
    it has a transaction id by then. If it reads "asleep", it notifies. If it reads "awake" and
    commits before the look that follows the announcement of sleep and a fence, that look finds its
    message. Otherwise the look names it as running, and the relay keeps looking, at growing
    distances, until all that were named have ended. The flag is a sequence, whose value is seen at
    once by every snapshot, and of which each shard has a bit.
    A notification that is lost with its connection costs `poll_seconds`.

Who leads (crew.py)
    With one shard, whoever has its lock. With several, a channel's hash says to which it belongs,
    each has a lock, and only its holder claims from its channels or sends their batches, also those
    that another process left open: so order holds while shards move. Processes count one another
    twice a second and keep to equal parts; a process that leads too many finishes what it has in
    flight, settles it and unlocks. All leaders hold a lock besides that says how many shards there
    are, and none is elected while somebody leads by another number.
    An answer of the database proves the lead at the time it was asked for. Where the last one is
    older than LEASE_SECONDS, a request begins with a round trip: a process that was stopped and
    wakes up after its session was ended publishes nothing more. What remains is a process that is
    stopped between that check and the write to its socket, which no check on this side can close.
    The request it then sends has ids that its successor has used: within two minutes Ably drops it,
    after that its messages arrive twice.

What happens when
    this process dies     its sessions end and with them its locks; a standby, or this process
                          started again, sends the open batches again unchanged, within 2 s
    its host vanishes     the server ends its sessions when their TCP user timeout (10 s) or
                          keepalive (5 s idle, then 3 times 2 s) is over: within 12 s
    the session is lost   whatever is in hand is dropped unsettled, the lock is sought anew, and
                          the open batches come back with the first claim
    Postgres is down      tried again with backoff; writers cannot write either
    Ably is unreachable   the request's batches are put off together and nothing more is begun
                          until the backoff is over; changes wait in the outbox. Requests that fail
                          side by side are one failure
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
    a rate is used up     (pace.py) a channel that has just published, or the whole account, rests;
                          what is committed meanwhile gathers into the next arrays
    this process is told  the requests in flight are finished and settled, nothing more is claimed,
    to stop               the locks are given up, which hands the lead over at once

    Batches come and go, one for each publish, and an old snapshot keeps the dead ones too. So a
    claim looks for open batches only when one may be due: at first, when one of ours was not
    accepted or its backoff is over, and every `poll_seconds`.

What is not handled here
    A channel's own dead batches are walked past when it is asked: while a snapshot is held open,
    about a tenth of a millisecond for each thousand publishes on that channel.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from connector_task.errors import DatabaseUnavailableError, ErrorCode
from connector_task.relay.dispatcher import Dispatcher
from connector_task.relay.ports import Clock, Logger, Outbox, Signal, Wakeups
from connector_task.relay.retry_policy import Backoff
from connector_task.relay.shards import ShardAssignment
from connector_task.relay.state import RelayState, Role

STANDBY_SECONDS = 0.5  # how often a standby asks for the lock


@dataclass(kw_only=True, slots=True)
class Relay:
    """One connector's loop, leading or standing by.

    Attributes:
        lead: makes the work of one leadership, which knows nothing of an earlier one.
        woken: set when there may be work.
        resigned: set when the present leadership is to end.
        stopped: set once and for all when the relay is to end.
        assignment: says how many shards this process may lead.
    """

    outbox: Outbox
    lead: Callable[[Outbox], Dispatcher]
    wakeups: Wakeups
    clock: Clock
    logger: Logger
    state: RelayState
    backoff: Backoff
    woken: Signal
    resigned: Signal
    stopped: Signal
    assignment: ShardAssignment = field(default_factory=ShardAssignment)
    _failures: int = 0

    def stop(self) -> None:
        """Finish the request in hand and end `run`. Safe to call twice."""
        self.stopped.set()
        self.resign()

    def resign(self) -> None:
        """Finish the requests in hand and hand the lead over."""
        self.resigned.set()
        self.woken.set()

    async def run(self) -> None:
        """Lead or stand by until `stop`."""
        try:
            while not self.stopped.is_set():
                await self._take_a_turn()
        finally:
            await self.outbox.close()
            self.state.role = Role.STOPPED

    async def _take_a_turn(self) -> None:
        self._tick()
        try:
            if await self._is_elected():
                await self._lead()
            else:
                self._stand_by()
                await self.clock.wait(self.stopped, STANDBY_SECONDS)
        except DatabaseUnavailableError as exc:
            await self.outbox.close()
            await self._wait_for_the_database(exc)

    async def _is_elected(self) -> bool:
        async with self.assignment.turn() as may_lead:
            is_elected = may_lead and await self.outbox.try_to_lead()
            if is_elected:
                self.assignment.leading.add(self.state.shard)
        self._database_works()
        return is_elected

    async def _wait_for_the_database(self, exc: DatabaseUnavailableError) -> None:
        self._failures += 1
        self.state.role = Role.STARTING
        self.state.database_error = exc.code
        delay = self.backoff.delay(self._failures)
        must_act = exc.code in (ErrorCode.DATABASE_REFUSED, ErrorCode.NOT_INSTALLED)
        level = self.logger.error if must_act else self.logger.warning
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
        if self.state.role is not Role.STANDBY:
            self.state.role = Role.STANDBY
            self.logger.info("standing by", {"action": "stand_by", "shard": self.state.shard})

    async def _lead(self) -> None:
        self.state.role = Role.LEADER
        self.logger.info("leading", {"action": "lead", "shard": self.state.shard})
        try:
            await self.wakeups.listen(self.woken.set)
            await self.lead(self.outbox).run()
            await self.outbox.close()
        finally:
            self.assignment.leading.discard(self.state.shard)
            await self.wakeups.close()
            if not self.stopped.is_set():
                self.resigned.clear()

    def _tick(self) -> None:
        self.state.ticked_at = self.clock.now()

    def _database_works(self) -> None:
        self._failures = 0
        self.state.database_error = None
