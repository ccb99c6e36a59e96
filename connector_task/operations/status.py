"""Reads the state of all connectors of a database from the database."""

from dataclasses import dataclass
from datetime import datetime

from connector_task.config.database import DatabaseSettings
from connector_task.operations.statements import statement
from connector_task.postgres import statements as relay_statements
from connector_task.postgres.session import (
    APPLICATION_LOCK,
    LEADERSHIP_LOCK,
    connect,
    translate_errors,
)
from connector_task.relay.ports import Backlog

SHOWN_DEAD_LETTERS = 10


@dataclass(frozen=True, slots=True)
class Leader:
    """The session that leads.

    Attributes:
        address: None for a local session, or without the right to see it.
        shard: the part of the channels that it leads.
    """

    pid: int
    address: str | None
    since: datetime | None
    shard: int = 0


@dataclass(frozen=True, slots=True)
class Retry:
    """A channel whose open batch has failed at least once."""

    channel: str
    messages: int
    attempts: int
    seconds_to_next: float
    last_error: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter, without its data."""

    outbox_id: int
    channel: str
    error_code: str
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """The state at one moment; dead letters newest first, at most SHOWN_DEAD_LETTERS."""

    leaders: tuple[Leader, ...]
    backlog: Backlog
    retries: tuple[Retry, ...]
    dead_letter_count: int
    dead_letters: tuple[DeadLetter, ...]


def read_status(settings: DatabaseSettings) -> Status:
    """Read it. Blocks.

    Raises:
        DatabaseUnavailableError: no session, or nothing is installed.
    """
    connection = connect(settings)
    try:
        with translate_errors(), connection, connection.cursor() as cursor:
            cursor.execute(
                statement("status_leader"),
                {"application": APPLICATION_LOCK, "leadership": LEADERSHIP_LOCK},
            )
            leaders = tuple(Leader(*row) for row in cursor.fetchall())
            cursor.execute(relay_statements.statement("backlog"))
            backlog = cursor.fetchone() or (0, 0.0)
            cursor.execute(statement("status_retries"))
            retries = tuple(Retry(*row) for row in cursor.fetchall())
            cursor.execute("SELECT count(*) FROM ably.dead_letter")
            (count,) = cursor.fetchone() or (0,)
            cursor.execute(statement("status_dead_letters"), {"limit": SHOWN_DEAD_LETTERS})
            dead_letters = tuple(DeadLetter(*row) for row in cursor.fetchall())
    finally:
        connection.close()
    return Status(leaders, Backlog(*backlog), retries, count, dead_letters)
