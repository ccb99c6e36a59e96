"""Where the next claim looks for messages, so that its cost does not grow with what lies about.

Two things would make a search from the outbox's beginning slow: the backlog of a channel that has
to wait, and dead rows that an old snapshot keeps from being vacuumed. So a claim asks only for the
channels that are known to have messages, each from an id of its own on, and looks for unknown ones
from an id on below which everything is known. The essay in relay.py says why nothing is missed.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

from connector_task.relay.ports import ClaimResult, ScanResult

LOOK_IDS = 1000  # that a look may begin before the newest
FULL_SCAN_SECONDS = 60.0  # between two surveys that nothing calls for
FULL_SCAN_PAUSE = 0.1  # between two that something calls for, or ten times what one takes
FULL_SCAN_SHARE = 10.0


@dataclass(slots=True)
class Base:
    """Ids up to `top` are known, but for those of transactions that still run."""

    top: int
    running: Sequence[int]


@dataclass(slots=True)
class BacklogIndex:
    """What one leader knows of the outbox; rebuilt by a survey whenever the lead is taken.

    Attributes:
        waiting: channels that have unclaimed messages, each with an id before which it has none.
        floor: everything below that will ever be visible is known.
        wants_fence: whether the look begins so far back that the next claim should have a fence.
    """

    waiting: dict[str, int] = field(default_factory=dict)
    floor: int = 0
    wants_fence: bool = False
    _bases: list[Base] = field(default_factory=list)  # the look begins behind the last one
    _full_scan_at: float = 0.0
    _full_scanned_at: float = float("-inf")
    _full_scan_pause: float = FULL_SCAN_PAUSE

    @property
    def start(self) -> int:
        """The id from which on the next claim looks for channels that are not known."""
        return max(self.floor, self._bases[-1].top + 1 if self._bases else 0)

    @property
    def running(self) -> Sequence[int]:
        """Transactions whose end makes it necessary to look from the floor on."""
        return self._bases[-1].running if self._bases else ()

    @property
    def next_full_scan_at(self) -> float:
        """When to look at the whole outbox, channel by channel."""
        return max(self._full_scan_at, self._full_scanned_at + self._full_scan_pause)

    def ready(self, closed: Container[str], at_most: int) -> dict[str, int]:
        """Channels to ask for messages, those with the oldest first."""
        ready = [
            (start, channel) for channel, start in self.waiting.items() if channel not in closed
        ]
        return {channel: start for start, channel in nsmallest(at_most, ready)}

    def unclaimed(self, channel: str, start: int) -> None:
        """A channel has messages from `start` on."""
        self.waiting[channel] = min(start, self.waiting.get(channel, start))

    def claimed(self, claim: ClaimResult, fence: int | None = None) -> None:
        """Learn from a claim what waits, and who has ended without being overlooked.

        Args:
            claim: what was found.
            fence: the one that was made just before it, if any.
        """
        for channel in claim.asked:
            self.waiting.pop(channel, None)
        scan = claim.scan
        self._saw(scan)
        if claim.is_cut:
            self._know_less(claim.looked_from)
        else:
            self._know_all(scan, fence)
        self.wants_fence = not claim.is_cut and scan.top >= self.start + LOOK_IDS

    def full_scan_done(self, scan: ScanResult, now: float, seconds: float) -> None:
        """Learn from a survey that took so many seconds."""
        self._saw(scan)
        self._full_scanned_at = now
        self._full_scan_at = now + FULL_SCAN_SECONDS
        self._full_scan_pause = max(FULL_SCAN_PAUSE, seconds * FULL_SCAN_SHARE)
        self._know_all(scan, scan.top)

    def _saw(self, scan: ScanResult) -> None:
        for channel, start in scan.found.items():
            self.unclaimed(channel, start)

    def _know_less(self, looked_from: int) -> None:
        """What a look did not get to may precede what is known of any channel."""
        self.waiting = {channel: min(one, looked_from) for channel, one in self.waiting.items()}
        self._full_scan_at = 0.0

    def _know_all(self, scan: ScanResult, fence: int | None) -> None:
        """A look has missed nothing: who has ended of those waited for is waited for no more."""
        if fence is not None:
            # The first one stays until it is proven, or who runs for long would never let one be.
            self._bases = [*self._bases[:1], Base(max(fence, self.start - 1), scan.running)]
        still = frozenset(scan.running)
        for base in self._bases:
            base.running = [one for one in base.running if one in still]
        while self._bases and not self._bases[0].running:
            self.floor = max(self.floor, self._bases.pop(0).top + 1)
