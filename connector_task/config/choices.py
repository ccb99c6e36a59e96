"""Settings that are one word of several. Imports nothing that takes time to import."""

from enum import StrEnum


class Operation(StrEnum):
    """A kind of change that can be published."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    TRUNCATE = "TRUNCATE"


class Payload(StrEnum):
    """What clients get as a message's data."""

    STRING = "string"
    """JSON as a text, which clients parse: the original connector's form."""

    JSON = "json"
    """An object."""


class SslMode(StrEnum):
    """libpq's `sslmode`."""

    DISABLE = "disable"
    ALLOW = "allow"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class DatabaseAuth(StrEnum):
    """How a role logs in to Postgres; IAM, on RDS, makes a token for each connection."""

    PASSWORD = "password"  # noqa: S105  # a word
    IAM = "iam"


class AblyPlan(StrEnum):
    """An Ably account's plan; `unlimited` stands for one without limits on requests."""

    FREE = "free"
    STANDARD = "standard"
    PRO = "pro"
    UNLIMITED = "unlimited"


class LogLevel(StrEnum):
    """The least severe log lines that are written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
