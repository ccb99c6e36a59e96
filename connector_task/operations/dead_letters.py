"""Lists the dead letters, puts them back into the outbox, or forgets them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg2

from connector_task.config.database import DatabaseSettings
from connector_task.errors import CommandError, ErrorCode
from connector_task.operations.statements import statement
from connector_task.postgres.session import connect, translate_errors

Parameters = dict[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which dead letters are meant; those that all of it is true for.

    Attributes:
        ids: their outbox ids; None is any.
        channel: None is any.
    """

    ids: tuple[int, ...] | None = None
    channel: str | None = None

    @property
    def parameters(self) -> Parameters:
        """For the statements."""
        return {"ids": None if self.ids is None else list(self.ids), "channel": self.channel}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter, without its data."""

    id: int
    channel: str
    name: str | None
    bytes: int
    error_code: str
    error: str
    at: datetime


class PostgresDeadLetters:
    """The dead letters of one database. All methods block, and raise DatabaseUnavailableError."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings

    def find(self, selection: Selection, *, limit: int | None = None) -> list[DeadLetter]:
        """Those that are selected, the oldest first; None is all of them."""
        with self._transaction() as cursor:
            cursor.execute(statement("dead_letter_list"), {**selection.parameters, "limit": limit})
            return [DeadLetter(*row) for row in cursor.fetchall()]

    def retry(self, selection: Selection) -> int:
        """Put them back into the outbox, in their order; returns how many.

        Raises:
            CommandError: one that is named is not there; nothing has changed.
        """
        with self._transaction() as cursor:
            _require(cursor, selection)
            cursor.execute(statement("dead_letter_retry"), selection.parameters)
            count = cursor.rowcount
            cursor.execute("SELECT pg_notify('table_update', '')")
            return count

    def discard(self, selection: Selection) -> int:
        """Forget them; returns how many.

        Raises:
            CommandError: one that is named is not there; nothing has changed.
        """
        with self._transaction() as cursor:
            _require(cursor, selection)
            cursor.execute(statement("dead_letter_discard"), selection.parameters)
            return cursor.rowcount

    @contextmanager
    def _transaction(self) -> Iterator[psycopg2.extensions.cursor]:
        connection = connect(self._settings)
        try:
            with translate_errors(), connection, connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()


def _require(cursor: psycopg2.extensions.cursor, selection: Selection) -> None:
    if selection.ids is None:
        return
    cursor.execute(statement("dead_letter_missing"), selection.parameters)
    missing = [str(outbox_id) for (outbox_id,) in cursor.fetchall()]
    if missing:
        message = f"there is no dead letter {', '.join(missing)}; nothing was changed"
        raise CommandError(ErrorCode.DEAD_LETTER_MISSING, message)
