"""What the operator may set, as frozen values. Reading and checking it is in config_sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector_task.config import templates

CHANNEL_MAX_CHARACTERS = 100
TABLE_MAX_CHARACTERS = 100
MAX_SHARDS = 32


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
    """How to prove to Postgres who one is; IAM is RDS's way, by a token for each connection."""

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


HeaderValue = str | int | float | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingOptions:
    """What of a change is published, and in which form.

    Attributes:
        columns: the row's columns to publish, in this order; None is all, in the table's.
        where: an SQL condition on the row; None is every row.
        old: whether an UPDATE carries the row as it was.
        headers: name and value of Ably's `extras.headers`; a text may name columns, `{tenant}`.
    """

    columns: tuple[str, ...] | None = None
    where: str | None = None
    old: bool = False
    payload: Payload = Payload.STRING
    headers: tuple[tuple[str, HeaderValue], ...] = ()

    @property
    def header_columns(self) -> tuple[str, ...]:
        """The columns that headers name."""
        return tuple(
            name
            for _, value in self.headers
            if isinstance(value, str)
            for name in templates.columns(value)
        )


PLAIN = MappingOptions()


@dataclass(frozen=True, slots=True)
class TableMapping:
    """Changes of one kind to one table go to one channel.

    Attributes:
        table: as the operator wrote it: `users`, `app.users`, `"Odd Name"`.
        channel: may name columns: `chat:{room_id}`.
    """

    table: str
    channel: str
    operation: Operation
    options: MappingOptions = PLAIN


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseSettings:
    """Where Postgres is and how to log in.

    Attributes:
        password: unused with IAM.
        region: AWS region of the database; only for IAM.
        sslrootcert: a PEM file of trusted authorities, for `verify-ca` and `verify-full`.
    """

    host: str
    port: int
    user: str
    auth: DatabaseAuth = DatabaseAuth.PASSWORD
    password: str = field(default="", repr=False)
    region: str | None = None
    database: str
    sslmode: SslMode = SslMode.PREFER
    sslrootcert: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AblySettings:
    """Which Ably, and the key to it.

    Attributes:
        endpoint: a routing policy or host name; None is the SDK's default.
        port: None is the scheme's default.
        tls: False only suits a server on the same machine.
        plan: the account's, for the rates that are not set.
        requests_per_second: HTTP requests; None is the plan's, 0 without limit. So is the hour's.
        channel_publishes: publishes on one channel a second; 0 is without limit.
        channel_bytes: on one channel a second; 0 is without limit.
        message_bytes: of one publish, an array counting as the sum; None is the plan's.
        request_bytes: of one request's body.
        request_channels: of one request.
    """

    api_key: str = field(repr=False)
    endpoint: str | None = None
    port: int | None = None
    tls: bool = True
    plan: AblyPlan = AblyPlan.FREE
    requests_per_second: float | None = None
    requests_per_hour: float | None = None
    channel_publishes: float = 50.0
    channel_bytes: int = 1_048_576
    message_bytes: int | None = None
    request_bytes: int = 2_097_152
    request_channels: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything the connector needs to know.

    Attributes:
        install: whether `run` brings the database to the configuration first.
        run_role: the role that relays, where another one installs; it is granted what it needs.
        health_port: where `GET /health` answers; 0 is off.
        poll_seconds: the longest the outbox goes unlooked-at while nothing wakes the relay.
        shutdown_seconds: how long the batch in hand may take after SIGTERM.
        max_in_flight: requests to Ably on their way at a time, for each shard.
        shards: into how many parts the channels are divided, each with a leader of its own.
        metrics_seconds: how often metrics are written; 0 is off.
    """

    database: DatabaseSettings
    ably: AblySettings
    mappings: tuple[TableMapping, ...]
    install: bool = True
    run_role: str | None = None
    health_port: int = 0
    poll_seconds: float = 1.0
    shutdown_seconds: float = 20.0
    max_in_flight: int = 4
    shards: int = 1
    metrics_seconds: float = 60.0
    log_level: LogLevel = LogLevel.INFO
    service: str = "connector"
    stage: str = "local"
    metrics_namespace: str = "AblyPostgres"

    @property
    def dimensions(self) -> Mapping[str, str]:
        """The dimensions of every metric."""
        return {"stage": self.stage, "service": self.service}
