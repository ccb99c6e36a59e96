"""Ears for what the connector says and counts."""

from connector_task.errors import PublishError
from connector_task.ports import Facts


class MemoryJournal:
    """See `connector_task.ports.Journal`; lines are (level, message, facts)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, Facts]] = []

    def debug(self, message: str, facts: Facts) -> None:
        self.lines.append(("DEBUG", message, facts))

    def info(self, message: str, facts: Facts) -> None:
        self.lines.append(("INFO", message, facts))

    def warning(self, message: str, facts: Facts) -> None:
        self.lines.append(("WARNING", message, facts))

    def error(self, message: str, facts: Facts) -> None:
        self.lines.append(("ERROR", message, facts))

    def said(self, level: str) -> list[str]:
        """The messages of one level."""
        return [message for said_level, message, _ in self.lines if said_level == level]


class MemoryCounters:
    """See `connector_task.ports.Counters`."""

    def __init__(self) -> None:
        self.messages_published = 0
        self.messages_truncated = 0
        self.messages_degraded = 0
        self.messages_dead = 0
        self.seconds_gathered = 0.0
        self.failures: list[PublishError] = []

    def published(self, messages: int, seconds: float, *, truncated: int) -> None:  # noqa: ARG002
        self.messages_published += messages
        self.messages_truncated += truncated

    def degraded(self, messages: int) -> None:
        self.messages_degraded += messages

    def failed(self, error: PublishError) -> None:
        self.failures.append(error)

    def dead_lettered(self, messages: int) -> None:
        self.messages_dead += messages

    def gathered(self, seconds: float) -> None:
        self.seconds_gathered += seconds
