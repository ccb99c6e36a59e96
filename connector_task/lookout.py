"""Where the next claim looks for messages, so that its cost does not grow with what lies about.

Two things would make a search from the outbox's beginning slow: the backlog of a channel that has
to wait, and dead rows that an old snapshot keeps from being vacuumed. So a claim asks only for the
channels that are known to have messages, each from an id of its own on, and looks for unknown ones
from a mark on, below which everything is known. The essay in relay.py says why nothing is missed.
"""

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

from connector_task.ports import Claim, Sighting

MARK_SECONDS = 0.05  # between two marks
LOOK_BACK_SECONDS = 1.0  # how long a mark waits for its proof before the look begins behind it
SURVEY_SECONDS = 60.0  # between two surveys that nothing calls for
SURVEY_PAUSE = 1.0  # between two that something calls for, or ten times what one takes
SURVEY_SHARE = 10.0


@dataclass(frozen=True, slots=True)
class Mark:
    """At some moment no id above `top` was to be seen, and transactions ran before `fence`."""

    at: float
    top: int
    fence: int
    running: Sequence[int]


@dataclass(slots=True)
class Lookout:
    """What one leader knows of the outbox; rebuilt by a survey whenever the lead is taken.

    Attributes:
        waiting: channels that have unclaimed messages, each with an id before which it has none.
    """

    waiting: dict[str, int] = field(default_factory=dict)
    floor: int = 0  # everything below that will ever be visible is known
    _continues_at: int | None = None  # where a look that was cut short goes on
    _running: Sequence[int] = ()  # when that look began
    _marks: deque[Mark] = field(default_factory=deque)
    _unproven: deque[Mark] = field(default_factory=deque)  # the look begins behind them already
    _survey_at: float = 0.0
    _surveyed_at: float = float("-inf")
    _survey_pause: float = SURVEY_PAUSE

    def start(self, now: float) -> int:
        """The id from which on the next claim looks for channels that are not known."""
        while self._marks and now - self._marks[0].at > LOOK_BACK_SECONDS:
            mark = self._marks.popleft()
            # One for each second is enough, however long they have to be kept.
            if len(self._unproven) > 1 and mark.at - self._unproven[-2].at < LOOK_BACK_SECONDS:
                self._unproven.pop()
            self._unproven.append(mark)
        if self._continues_at is not None:
            return self._continues_at
        return max(self.floor, self._unproven[-1].top + 1 if self._unproven else 0)

    @property
    def running(self) -> Sequence[int]:
        """Transactions whose end makes it necessary to look from the floor on."""
        if self._continues_at is not None:
            return self._running
        return self._unproven[-1].running if self._unproven else ()

    def ready(self, closed: Container[str], at_most: int) -> dict[str, int]:
        """Channels to ask for messages, those with the oldest first."""
        ready = [
            (start, channel) for channel, start in self.waiting.items() if channel not in closed
        ]
        return {channel: start for start, channel in nsmallest(at_most, ready)}

    def unclaimed(self, channel: str, start: int) -> None:
        """A channel has messages from `start` on."""
        self.waiting[channel] = min(start, self.waiting.get(channel, start))

    def claimed(self, claim: Claim, now: float) -> None:
        """Learn from a claim what waits and what is proven."""
        for channel in claim.asked:
            self.waiting.pop(channel, None)
        sighting = claim.sighting
        self._saw(sighting)
        if self._continues_at is None:
            self._prove(sighting, sighting.top if claim.is_cut else None)
        last = self._marks[-1] if self._marks else None
        if sighting.top and (last is None or now - last.at >= MARK_SECONDS):
            self._marks.append(Mark(now, sighting.top, sighting.next_transaction, sighting.running))
        if self._continues_at is None or sighting.top < self._continues_at:
            self._running = sighting.running
        self._continues_at = sighting.top + 1 if claim.is_cut else None

    def survey_is_due(self, now: float) -> bool:
        """Whether it is time to look at the whole outbox, channel by channel."""
        return now >= max(self._survey_at, self._surveyed_at + self._survey_pause)

    def surveyed(self, sighting: Sighting, now: float, seconds: float) -> None:
        """Learn from a survey that took so many seconds."""
        is_first = self._surveyed_at == float("-inf")
        self._saw(sighting)
        self._surveyed_at = now
        self._survey_at = now + SURVEY_SECONDS
        self._survey_pause = max(SURVEY_PAUSE, seconds * SURVEY_SHARE)
        if is_first and sighting.oldest_transaction >= sighting.next_transaction:
            self.floor = sighting.top + 1
        elif is_first:
            self._unproven.append(
                Mark(now, sighting.top, sighting.next_transaction, sighting.running)
            )

    def _saw(self, sighting: Sighting) -> None:
        for channel, start in sighting.found.items():
            self.unclaimed(channel, start)

    def _prove(self, sighting: Sighting, seen_to: int | None) -> None:
        """Raise the floor to the marks whose transactions have all ended before this look."""
        while self._unproven and self._unproven[0].fence <= sighting.oldest_transaction:
            self.floor = max(self.floor, self._unproven.popleft().top + 1)
            self._survey_at = 0.0  # this look began behind it: only a survey sees who came late
        while self._marks and self._marks[0].fence <= sighting.oldest_transaction:
            if seen_to is not None and self._marks[0].top > seen_to:
                return
            self.floor = max(self.floor, self._marks.popleft().top + 1)
