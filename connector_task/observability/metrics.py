"""Metrics as CloudWatch's embedded metric format: JSON lines that become metrics on their own."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connector_task.errors import PublishError
from connector_task.observability.histogram import Distribution
from connector_task.relay.ports import Backlog, Batch, Message

MAX_VALUES = 100  # of one metric in one line
MEASURED_OF_BATCH = 10  # messages whose lag stands for a whole batch, however large it is
UNITS = {
    "MessagesPublished": "Count",
    "MessagesTruncated": "Count",
    "MessagesDegraded": "Count",
    "MessagesDeadLettered": "Count",
    "PublishFailures": "Count",
    "PublishDuration": "Milliseconds",
    "PublishLag": "Milliseconds",
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
        self._durations_ms = Distribution()
        self._lags_ms = Distribution()

    def published(self, batch: Batch, *, request_seconds: float, held_seconds: float) -> None:
        """Count a batch's messages, the lag of each, and the batch's one request."""
        self._published += len(batch.messages)
        self._truncated += sum(message.truncated for message in batch.messages)
        self._durations_ms.add(request_seconds * 1000)
        for message, count in _measured(batch.messages):
            self._lags_ms.add((message.waited_seconds + held_seconds) * 1000, count)

    def degraded(self, messages: int) -> None:
        """Count messages that were published with a fallback."""
        self._degraded += messages

    def failed(self, error: PublishError) -> None:  # noqa: ARG002  # the log line has the code
        """Count a batch that has not gone out."""
        self._failures += 1

    def dead_lettered(self, messages: int) -> None:
        """Count messages that moved to the dead-letter queue."""
        self._dead_lettered += messages

    def throttled(self, seconds: float) -> None:
        """Add up how long work has waited for the account's pace."""
        self._gathered_seconds += seconds

    def flush(self, *, shards_led: int, backlog: Backlog | None) -> None:
        """Write one line and reset the counters.

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
        for name, measured in (
            ("PublishDuration", self._durations_ms),
            ("PublishLag", self._lags_ms),
        ):
            if shown := measured.values(MAX_VALUES):
                values[name] = [round(value, 3) for value in shown]
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


def _measured(messages: Sequence[Message]) -> Iterator[tuple[Message, int]]:
    """Messages spread evenly over a batch, its first and last among them; for how many each is."""
    size = len(messages)
    parts = min(size, MEASURED_OF_BATCH)
    for part in range(parts):
        count = (part + 1) * size // parts - part * size // parts
        yield messages[part * (size - 1) // max(parts - 1, 1)], count
