"""Commands: what a message requests, or why it can never be written."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Write:
    """A new chat message."""

    message_id: str
    client_id: str | None
    timestamp_ms: int
    username: str = field(repr=False)
    content: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """New content for a message of the same client."""

    message_id: str
    client_id: str
    timestamp_ms: int
    target_id: str
    content: str = field(repr=False)

    @property
    def order(self) -> tuple[int, str]:
        """Of two edits of a message the greater wins, in whichever order they arrive."""
        return self.timestamp_ms, self.message_id


@dataclass(frozen=True, kw_only=True)
class Delete:
    """The deletion of a message of the same client."""

    message_id: str
    client_id: str
    timestamp_ms: int
    target_id: str


Command = Write | Edit | Delete


class Reason(StrEnum):
    """Why a message can never be written; the value is the metric's dimension."""

    MALFORMED_EVENT = "malformed_event"
    WRONG_SOURCE = "wrong_source"
    MALFORMED_MESSAGE = "malformed_message"
    MISSING_ID = "missing_id"
    MISSING_CLIENT_ID = "missing_client_id"
    INVALID_TIMESTAMP = "invalid_timestamp"
    UNSUPPORTED_ACTION = "unsupported_action"
    UNKNOWN_NAME = "unknown_name"
    UNKNOWN_ENCODING = "unknown_encoding"
    INVALID_BASE64 = "invalid_base64"
    INVALID_JSON = "invalid_json"
    INVALID_DATA = "invalid_data"
    MISSING_FIELD = "missing_field"
    INVALID_TEXT = "invalid_text"
    TOO_LONG = "too_long"


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A message, or a whole event, that can never be written.

    Attributes:
        reason: stable code.
        detail: one sentence for a person; it names fields, not their values.
        original: what arrived.
        envelope: the event's keys other than its messages.
    """

    reason: Reason
    detail: str
    original: Any = field(repr=False)
    envelope: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one delivery requests, in the order of its messages."""

    commands: tuple[Command, ...] = ()
    rejects: tuple[Reject, ...] = ()

    @property
    def message_count(self) -> int:
        """How many messages arrived."""
        return len(self.commands) + len(self.rejects)
