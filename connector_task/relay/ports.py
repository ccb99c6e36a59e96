"""What the relay needs of the world, as small roles, and the values that pass through them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType, Protocol, TypedDict

from connector_task.errors import PublishError
from connector_task.relay.limits import BatchLimits

BatchId = NewType("BatchId", str)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One row of the outbox.

    Attributes:
        data: None where the message is too large for any batch.
        headers: go out as Ably's `extras.headers`.
        encoding: Ably's, of the data; `json` has clients get an object.
        problem: why the message is not quite as configured.
        size_bytes: as Ably counts it.
        truncated: the row was too large, data holds its key alone.
        waited_seconds: from its capture to this claim.
    """

    outbox_id: int
    name: str | None
    data: str | None
    headers: Mapping[str, object] | None = None
    size_bytes: int
    truncated: bool = False
    encoding: str | None = None
    problem: str | None = None
    waited_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Messages of one channel that are published as one, under ids that never change.

    Attributes:
        attempts: how often it has failed before.
        claimed_at: when this process had it from the database, by this process's clock.
    """

    id: BatchId
    channel: str
    attempts: int
    messages: tuple[Message, ...]
    claimed_at: float = 0.0

    @property
    def size_bytes(self) -> int:
        """The messages together, as Ably counts them."""
        return sum(message.size_bytes for message in self.messages)

    @property
    def waited_seconds(self) -> float:
        """How long the batch's oldest message had waited when the batch was claimed."""
        return max((message.waited_seconds for message in self.messages), default=0.0)


@dataclass(frozen=True, slots=True)
class Retry:
    """A batch that failed for a passing cause, and goes out again as it is."""

    batch_id: BatchId
    delay_seconds: float
    error: PublishError


@dataclass(frozen=True, slots=True)
class Bisect:
    """A batch of which some message was refused: only its first `keep` messages stay in it."""

    batch_id: BatchId
    keep: int
    error: PublishError


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A batch that Ably will never accept: its messages become dead letters."""

    batch_id: BatchId
    error: PublishError


@dataclass(slots=True)
class Outcomes:
    """What became of the batches in hand."""

    accepted: list[BatchId] = field(default_factory=list)
    retries: list[Retry] = field(default_factory=list)
    bisects: list[Bisect] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)

    def add(self, other: "Outcomes") -> None:
        """Take another's in."""
        self.accepted += other.accepted
        self.retries += other.retries
        self.bisects += other.bisects
        self.dead_letters += other.dead_letters

    def __bool__(self) -> bool:
        return bool(self.accepted or self.retries or self.bisects or self.dead_letters)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the outbox.

    Attributes:
        oldest_seconds: the age of the oldest message, 0 where there is none.
    """

    messages: int
    oldest_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimRequest:
    """Where a claim looks for work.

    Attributes:
        due: whether to look for open batches that are due; False where there can be none.
        in_hand: batches that the caller has and must not be given again.
        waiting: channels known to have unclaimed messages, each with an id before which none is.
            Where they are as many as a request may have, no other channel is claimed of.
        resting: channels that nothing is to be claimed of now.
        start: the outbox id from which on channels are looked for that are not known.
        floor: where the look begins instead, once one of `running` has ended.
        running: transactions that may have messages between `floor` and `start`.
        mode_change: what to tell writers before the look, that the relay is awake (True) or
            asleep (False) and wants to be woken.
    """

    due: bool = True
    in_hand: Sequence[BatchId] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    resting: Sequence[str] = ()
    start: int = 0
    floor: int = 0
    running: Sequence[int] = ()
    mode_change: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanResult:
    """What a look at the outbox has shown, and at which moment.

    Attributes:
        found: channels with messages that are not claimed, each with the first one's id. Of a
            channel that was not asked, its open batch's messages may be among them.
        top: the highest id that was looked at, 0 where there was none; of a survey, its fence's.
        running: transactions that had not ended; some that had begun a moment ago may be missing,
            but none of those that began before the last `fence`.
    """

    found: Mapping[str, int] = field(default_factory=dict)
    top: int = 0
    running: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimResult:
    """The answer to a search.

    Attributes:
        batches: the one of the oldest message first.
        asked: channels all of whose messages are in a batch now, or found.
        is_full: there may be more channels to ask.
        is_cut: there may be more above the sighting's top than the look has shown.
        looked_from: the id from which on it has looked.
    """

    batches: Sequence[Batch] = ()
    asked: Sequence[str] = ()
    scan: ScanResult = field(default_factory=ScanResult)
    is_full: bool = False
    is_cut: bool = False
    looked_from: int = 0


class Outbox(Protocol):
    """The captured messages, their batches, and who may publish them.

    Every method raises DatabaseUnavailableError where there is no usable session; the next
    `try_to_lead` opens a new one.
    """

    async def try_to_lead(self) -> bool:
        """Whether this session leads from now on; leadership ends with the session."""

    async def settle(self, outcomes: Outcomes) -> None:
        """Record what became of batches, and take no new work."""

    async def settle_and_claim(
        self, outcomes: Outcomes, limits: BatchLimits, claim_request: ClaimRequest
    ) -> ClaimResult:
        """Record what became of batches and take the work that is due, in one round trip.

        At most one batch of a channel is open at any time, in the table and so in what is
        returned. Messages are in outbox order.

        Args:
            outcomes: of batches that were given out before.
            limits: of one batch, and of how many of them.
            claim_request: where to look.
        """

    async def fence(self) -> int:
        """The highest id that was drawn.

        Whoever may have drawn it or a lower one, and still runs, is in the `running` of all
        sightings from now on.
        """

    async def full_scan(self) -> ScanResult:
        """Fence, and look for every channel that has messages, wherever they are."""

    async def confirm(self) -> None:
        """Return if this session lives, and with it the leadership, at this moment."""

    async def backlog(self) -> Backlog:
        """What waits; cheap whatever its size."""

    async def close(self) -> None:
        """End the session and with it the leadership. Safe to call twice."""


class Publisher(Protocol):
    """The way to Ably."""

    async def publish(self, batches: Sequence[Batch]) -> list[PublishError | None]:
        """Publish each batch to its channel in one request, all of a batch or nothing.

        Returns:
            for each batch in order, None once Ably has it, or why Ably has not.

        Raises:
            PublishRequestError: nothing is known about any of them.
        """


class Wakeups(Protocol):
    """Says, sooner than the next poll, that there may be work; may miss and may exaggerate."""

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` from now on, until `close`. Never raises: without it there is the poll."""

    async def close(self) -> None:
        """Stop calling. Safe to call twice."""


class Wakeable(Protocol):
    """What a wait can be cut short by: asyncio.Event, or a fake."""

    def is_set(self) -> bool:
        """Whether the wait is over."""

    async def wait(self) -> object:
        """Return once it is set."""


class Signal(Wakeable, Protocol):
    """An event that can be set and cleared; asyncio.Event is one."""

    def set(self) -> None:
        """End all waits."""

    def clear(self) -> None:
        """Let waits begin anew."""


class Clock(Protocol):
    """Time, in seconds from an arbitrary start, never going back."""

    def now(self) -> float:
        """The present."""

    async def wait(self, event: Wakeable, seconds: float) -> None:
        """Return when the event is set or the time is over, whichever comes first."""


class Counters(Protocol):
    """What is counted for the metrics."""

    def published(self, batch: Batch, *, request_seconds: float, held_seconds: float) -> None:
        """One batch has gone out: its request took so long, and so much time since its claim."""

    def degraded(self, messages: int) -> None:
        """Messages went out that are not quite as configured."""

    def failed(self, error: PublishError) -> None:
        """One batch has not."""

    def dead_lettered(self, messages: int) -> None:
        """Messages were given up."""

    def throttled(self, seconds: float) -> None:
        """Work has waited so long because the account's pace was used up."""


class LogFields(TypedDict, total=False):
    """Every key a log line may have beside level, location, message, timestamp and service.

    `action` is on every line. No payload, token, password or connection string is among them.
    """

    action: str
    error_code: str | int
    error: str
    channel: str
    table: str
    trigger: str
    migration: str
    role: str
    hint: str
    outbox_id: int
    batch_id: str
    batch_size: int
    batch_bytes: int
    attempt: int
    wait_ms: int
    duration_ms: int
    lag_ms: int
    count: int
    host: str
    port: int
    signal: str
    shard: int


class Logger(Protocol):
    """Log lines: a constant message, the facts as keys.

    ERROR: someone must act. WARNING: we retried or degraded. INFO: lifecycle, and one line per
    batch. DEBUG: the rest.
    """

    def debug(self, message: str, fields: LogFields) -> None:
        """Details."""

    def info(self, message: str, fields: LogFields) -> None:
        """Lifecycle, and one line per batch."""

    def warning(self, message: str, fields: LogFields) -> None:
        """Retried or degraded."""

    def error(self, message: str, fields: LogFields) -> None:
        """Someone must act."""
