"""Metrics as CloudWatch's embedded metric format: JSON lines that become metrics on their own."""

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from connector_task.errors import PublishError
from connector_task.ports import Backlog

MAX_VALUES = 100  # of one metric in one line
UNITS = {
    "MessagesPublished": "Count",
    "MessagesTruncated": "Count",
    "MessagesDegraded": "Count",
    "MessagesDeadLettered": "Count",
    "PublishFailures": "Count",
    "PublishDuration": "Milliseconds",
    "AccountPaceWait": "Milliseconds",
    "OutboxBacklog": "Count",
    "OldestMessageAge": "Milliseconds",
    "IsLeader": "Count",
    "ShardsLed": "Count",
}


class EmfMetrics:
    """See `ports.Counters`; what was counted since the last line goes into the next."""

    def __init__(
        self,
        *,
        namespace: str,
        dimensions: Mapping[str, str],
        write: Callable[[str], None],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._namespace = namespace
        self._dimensions = dict(dimensions)
        self._write = write
        self._wall_clock = wall_clock
        self._reset()

    def _reset(self) -> None:
        self._published = 0
        self._truncated = 0
        self._degraded = 0
        self._dead_lettered = 0
        self._failures = 0
        self._gathered_seconds = 0.0
        self._durations_seen = 0
        self._durations_ms: list[float] = []

    def published(self, messages: int, seconds: float, *, truncated: int) -> None:
        """Count a batch, and sample its duration."""
        self._published += messages
        self._truncated += truncated
        self._sample(round(seconds * 1000, 3))

    def _sample(self, duration_ms: float) -> None:
        """Keep every duration with the same probability, as many as a line can hold."""
        self._durations_seen += 1
        if len(self._durations_ms) < MAX_VALUES:
            self._durations_ms.append(duration_ms)
            return
        place = random.randrange(self._durations_seen)  # noqa: S311  # a sample, not a secret
        if place < MAX_VALUES:
            self._durations_ms[place] = duration_ms

    def degraded(self, messages: int) -> None:
        """Count messages that went out not quite as configured."""
        self._degraded += messages

    def failed(self, error: PublishError) -> None:  # noqa: ARG002  # the log line has the code
        """Count a batch that has not gone out."""
        self._failures += 1

    def dead_lettered(self, messages: int) -> None:
        """Count messages that were given up."""
        self._dead_lettered += messages

    def gathered(self, seconds: float) -> None:
        """Add up how long work has waited for the account's pace."""
        self._gathered_seconds += seconds

    def flush(self, *, shards_led: int, backlog: Backlog | None) -> None:
        """Write one line and begin anew.

        Args:
            shards_led: how many shards this process leads at the moment; one is all, undivided.
            backlog: None where it is not known, as on a standby: the leader's is the one to see.
        """
        values: dict[str, float | list[float]] = {
            "MessagesPublished": self._published,
            "MessagesTruncated": self._truncated,
            "MessagesDegraded": self._degraded,
            "MessagesDeadLettered": self._dead_lettered,
            "PublishFailures": self._failures,
            "AccountPaceWait": round(self._gathered_seconds * 1000),
            "IsLeader": int(shards_led > 0),
            "ShardsLed": shards_led,
        }
        if self._durations_ms:
            values["PublishDuration"] = self._durations_ms
        if backlog is not None:
            values["OutboxBacklog"] = backlog.messages
            values["OldestMessageAge"] = round(backlog.oldest_seconds * 1000)
        self._write(json.dumps(self._line(values), separators=(",", ":")))
        self._reset()

    def _line(self, values: Mapping[str, object]) -> dict[str, Any]:
        directive = {
            "Namespace": self._namespace,
            "Dimensions": [list(self._dimensions)],
            "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
        }
        return {
            "_aws": {
                "Timestamp": round(self._wall_clock() * 1000),
                "CloudWatchMetrics": [directive],
            },
            **self._dimensions,
            **values,
        }
