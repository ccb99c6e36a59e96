"""Every way the connector fails, each with the code its log lines and docs/errors.md name.

ConnectorError
├── ConfigurationError      what the operator wrote cannot be used
├── InstallationError       the database is not, or cannot be made, what the configuration asks
├── DatabaseUnavailableError     no usable session; trying again later may help
├── PublishRequestError           one request to Ably came to nothing as a whole
└── CommandError           a one-off command could not do what was asked
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """The connector's own codes; Ably's numeric codes are passed through unchanged."""

    CONFIGURATION_INVALID = "configuration-invalid"
    TABLE_MISSING = "table-missing"
    TABLE_UNSUITABLE = "table-unsuitable"
    MAPPING_UNSUITABLE = "mapping-unsuitable"
    INSTALLATION_REFUSED = "installation-refused"
    LOCK_TIMEOUT = "lock-timeout"
    NOT_INSTALLED = "not-installed"
    MESSAGES_UNDELIVERED = "messages-undelivered"
    DEAD_LETTER_MISSING = "dead-letter-missing"
    REPLAY_UNSUITABLE = "replay-unsuitable"
    REPLAY_INTERRUPTED = "replay-interrupted"
    CONNECTOR_RUNNING = "connector-running"
    DATABASE_UNAVAILABLE = "database-unavailable"
    DATABASE_REFUSED = "database-refused"
    DATABASE_TIMEOUT = "database-timeout"
    ABLY_UNREACHABLE = "ably-unreachable"
    ABLY_TIMEOUT = "ably-timeout"
    ABLY_UNREADABLE = "ably-unreadable"
    ABLY_REFUSED = "ably-refused"
    HEALTH_PORT_UNAVAILABLE = "health-port-unavailable"
    HEALTH_UNREACHABLE = "health-unreachable"
    CONNECTOR_STUCK = "connector-stuck"
    SHUTDOWN_DEADLINE = "shutdown-deadline"


class ConnectorError(Exception):
    """Base of all; `str()` is one sentence for the operator and never holds a secret."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class ConfigurationError(ConnectorError):
    """The configuration cannot be used.

    Attributes:
        problems: all of them, each naming its key or variable.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(ErrorCode.CONFIGURATION_INVALID, "; ".join(self.problems))


class InstallationError(ConnectorError):
    """The database is not what the configuration asks for, or may not be made so."""


class DatabaseUnavailableError(ConnectorError):
    """There is no usable database session at the moment."""


class CommandError(ConnectorError):
    """A one-off command could not do what it was asked."""


@dataclass(frozen=True, slots=True)
class PublishError:
    """What Ably, or the way to it, said about a publish.

    Attributes:
        code: Ably's code (40009, 42913, …), or one of ours where no answer of Ably's came.
        status: the HTTP status, 0 where there was none.
    """

    code: int | ErrorCode
    status: int
    reason: str


class PublishRequestError(ConnectorError):
    """One request to Ably came to nothing as a whole: nothing is known about its batches."""

    def __init__(self, error: PublishError) -> None:
        code = error.code if isinstance(error.code, ErrorCode) else ErrorCode.ABLY_REFUSED
        super().__init__(code, f"unable to publish; {error.reason}")
        self.error = error
