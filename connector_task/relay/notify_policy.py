"""Whether writers have to wake the relay, or may trust it to look by itself. Pure.

A notification makes all commits of the database queue for one lock, so under load writers send
none: the relay tells them that it is awake, and polls. The essay in relay.py says why no message is
overlooked when it falls asleep again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from connector_task.relay.ports import Claim

WINDOW_SECONDS = 0.05  # over which messages are counted
WAKE_AT = 50.0  # messages in it: about a thousand a second
SLEEP_BELOW = 20.0
FIRST_PAUSE = 0.001
LAST_PAUSE = 0.008  # between two looks while awake


@dataclass(slots=True)
class Alertness:
    """What writers have been told, and what they are to be told next.

    Attributes:
        wants_fence: whether it has to know who has been running since before it fell asleep.
    """

    wants_fence: bool = False
    _is_awake: bool = False
    _has_told: bool = False
    _messages: float = 0.0
    _counted_at: float = 0.0
    _pause: float = FIRST_PAUSE
    _awaited: Sequence[int] = ()  # transactions that may have been told that it was awake

    def announcement(self, now: float) -> bool | None:
        """Whether writers are to be told that the relay is awake, or asleep; None: they know."""
        messages = self._messages_within(now)
        is_awake = messages >= (SLEEP_BELOW if self._is_awake else WAKE_AT)
        return None if self._has_told and is_awake is self._is_awake else is_awake

    def claimed(self, claim: Claim, *, announced: bool | None, is_fenced: bool, now: float) -> None:
        """Learn from a claim, with which the announcement went, perhaps just after a fence."""
        running = claim.sighting.running
        if announced is not None:
            self._is_awake, self._has_told = announced, True
            self._pause = FIRST_PAUSE
            self.wants_fence, self._awaited = not announced, ()
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
        if self._is_awake:
            return min(self._pause, LAST_PAUSE)
        return self._pause if self._awaited or self.wants_fence else math.inf

    def _messages_within(self, now: float) -> float:
        return self._messages * math.exp((self._counted_at - now) / WINDOW_SECONDS)
