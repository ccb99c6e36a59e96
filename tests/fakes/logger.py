"""Ears for what the connector says and counts."""

from connector_task.errors import PublishError
from connector_task.relay.ports import Batch, LogFields


class MemoryLogger:
    """See `connector_task.relay.ports.Logger`; lines are (level, message, facts)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, LogFields]] = []

    def debug(self, message: str, fields: LogFields) -> None:
        self.lines.append(("DEBUG", message, fields))

    def info(self, message: str, fields: LogFields) -> None:
        self.lines.append(("INFO", message, fields))

    def warning(self, message: str, fields: LogFields) -> None:
        self.lines.append(("WARNING", message, fields))

    def error(self, message: str, fields: LogFields) -> None:
        self.lines.append(("ERROR", message, fields))

    def said(self, level: str) -> list[str]:
        """The messages of one level."""
        return [message for said_level, message, _ in self.lines if said_level == level]


class MemoryCounters:
    """See `connector_task.relay.ports.Counters`."""

    def __init__(self) -> None:
        self.messages_published = 0
        self.messages_truncated = 0
        self.messages_degraded = 0
        self.messages_dead = 0
        self.seconds_gathered = 0.0
        self.failures: list[PublishError] = []
        self.published_after: list[tuple[float, float]] = []  # its request's seconds, its claim's

    def published(self, batch: Batch, *, request_seconds: float, held_seconds: float) -> None:
        self.messages_published += len(batch.messages)
        self.messages_truncated += sum(message.truncated for message in batch.messages)
        self.published_after.append((request_seconds, held_seconds))

    def degraded(self, messages: int) -> None:
        self.messages_degraded += messages

    def failed(self, error: PublishError) -> None:
        self.failures.append(error)

    def dead_lettered(self, messages: int) -> None:
        self.messages_dead += messages

    def throttled(self, seconds: float) -> None:
        self.seconds_gathered += seconds
