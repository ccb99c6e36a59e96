"""Whether writers have to wake the relay, or may trust it to look by itself. Pure.

A notification makes all commits of the database queue for one lock, so under load writers send
none: the relay tells them that it is awake, and polls. The essay in relay.py says why no message is
overlooked when it falls asleep again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from connector_task.relay.ports import ClaimResult

WINDOW_SECONDS = 0.05  # over which messages are counted
POLL_ABOVE = 50.0  # messages in it: about a thousand a second
LISTEN_BELOW = 20.0
FIRST_PAUSE = 0.001
LAST_PAUSE = 0.008  # between two looks while awake


@dataclass(slots=True)
class NotifyPolicy:
    """What writers have been told, and what they are to be told next.

    Attributes:
        wants_fence: whether it has to know who has been running since before it fell asleep.
    """

    wants_fence: bool = False
    _is_polling: bool = False
    _has_told: bool = False
    _messages: float = 0.0
    _counted_at: float = 0.0
    _pause: float = FIRST_PAUSE
    _awaited: Sequence[int] = ()  # transactions that may have been told that it was awake

    def mode_change(self, now: float) -> bool | None:
        """Whether writers are to be told that the relay is awake, or asleep; None: they know."""
        messages = self._messages_within(now)
        is_polling = messages >= (LISTEN_BELOW if self._is_polling else POLL_ABOVE)
        return None if self._has_told and is_polling is self._is_polling else is_polling

    def claimed(
        self, claim: ClaimResult, *, changed_mode: bool | None, is_fenced: bool, now: float
    ) -> None:
        """Learn from a claim, with which the announcement went, perhaps just after a fence."""
        running = claim.scan.running
        if changed_mode is not None:
            self._is_polling, self._has_told = changed_mode, True
            self._pause = FIRST_PAUSE
            self.wants_fence, self._awaited = not changed_mode, ()
        elif self.wants_fence and is_fenced:
            # Whoever was told before that it was awake, and has not ended, is among them.
            self.wants_fence, self._awaited = False, running
        else:
            still = frozenset(running)
            self._awaited = [one for one in self._awaited if one in still]
        count = sum(len(batch.messages) for batch in claim.batches)
        self._messages = self._messages_within(now) + count
        self._counted_at = now
        self._pause = FIRST_PAUSE if count else self._pause * 2

    def pause(self) -> float:
        """How long it may look away, in seconds; without end where writers will wake it."""
        if self._is_polling:
            return min(self._pause, LAST_PAUSE)
        return self._pause if self._awaited or self.wants_fence else math.inf

    def _messages_within(self, now: float) -> float:
        return self._messages * math.exp((self._counted_at - now) / WINDOW_SECONDS)
