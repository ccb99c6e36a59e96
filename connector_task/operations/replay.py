"""Publishes rows that are there already, as INSERT events through the outbox, step by step.

A step is one short transaction: it walks some rows further along the primary key, holds them with
FOR SHARE, and writes their events. While it is held, a row cannot change, so the event says what
the row is, and the events of later changes come behind it. A row that somebody is changing just now
is tried again, without waiting for its lock: no transaction can deadlock with a replay.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql

from connector_task.capture import trigger_functions
from connector_task.capture.catalog import condition_problem, find_captures, find_table
from connector_task.capture.plan import Route, Table
from connector_task.config.choices import Operation
from connector_task.config.database import DatabaseSettings
from connector_task.config.mapping import TableMapping
from connector_task.errors import CommandError, ErrorCode
from connector_task.operations.statements import statement
from connector_task.postgres import statements as relay_statements
from connector_task.postgres.session import connect_to_find_tables, translate_errors
from connector_task.relay.limits import MESSAGE_BYTES

Cursor = psycopg2.extensions.cursor


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayOrder:
    """Which rows to replay.

    Attributes:
        table: as in the configuration.
        where: an SQL condition on the rows; None is all.
        channel: a mapping's, or any other, which then gets whole rows; None is those of all of
            the table's INSERT mappings.
        after: the key to begin behind, as JSON; None begins at the first row.
        step_rows: rows of one transaction.
        max_backlog: messages that may wait in the outbox before a step.
        message_bytes: the limit of a message; of a larger row, only the key is sent.
    """

    table: str
    where: str | None = None
    channel: str | None = None
    after: str | None = None
    step_rows: int = 500
    max_backlog: int = 5000
    message_bytes: int = MESSAGE_BYTES


@dataclass(slots=True)
class Progress:
    """How far a replay is.

    Attributes:
        rows: that have been read.
        messages: that have been written to the outbox.
        after: the key of the last of the rows, as JSON.
        waiting_for: what holds it up at the moment, if anything.
    """

    rows: int = 0
    messages: int = 0
    after: str | None = None
    waiting_for: str | None = None


class PostgresReplay:
    """One replay. Blocks."""

    def __init__(
        self,
        settings: DatabaseSettings,
        mappings: Sequence[TableMapping],
        order: ReplayOrder,
        *,
        pause: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._mappings = mappings
        self._order = order
        self._pause = pause
        self.progress = Progress(after=order.after)

    def steps(self) -> Iterator[Progress]:
        """Replay; yields after every step and every pause. What it has yielded is committed.

        Raises:
            CommandError: the table, the condition or the key cannot be used.
            DatabaseUnavailableError: the session is lost, or a right is missing.
        """
        with self._session() as cursor:
            table = self._table(cursor)
            routes = self._routes(cursor, table)
            walk = _Walk(cursor, table, self._order)
            cursor.connection.commit()
            while keys := walk.keys_after(self.progress.after):
                pending = keys
                while pending:
                    yield from self._until_published(cursor)
                    done, messages = walk.publish(pending, routes)
                    cursor.connection.commit()
                    self.progress.messages += messages
                    pending = walk.still_there([key for key in pending if key not in done])
                    cursor.connection.commit()
                    if pending:
                        self.progress.waiting_for = f"{len(pending)} rows that are being changed"
                        yield self.progress
                        self._pause()
                self.progress.rows += len(keys)
                self.progress.after = keys[-1]
                self.progress.waiting_for = None
                yield self.progress

    def _until_published(self, cursor: Cursor) -> Iterator[Progress]:
        while (backlog := _backlog(cursor)) > self._order.max_backlog:
            self.progress.waiting_for = f"{backlog} messages to be published"
            yield self.progress
            self._pause()
        self.progress.waiting_for = None

    def _table(self, cursor: Cursor) -> Table:
        found = find_table(cursor, self._order.table)
        if not isinstance(found, Table):
            raise CommandError(*found)
        if not found.key:
            message = f"table {self._order.table} has no primary key to walk along"
            raise CommandError(ErrorCode.REPLAY_UNSUITABLE, message)
        if self._order.where is not None:
            reason = condition_problem(cursor, found, self._order.where)
            if reason:
                message = f"the condition cannot be used; {reason}"
                raise CommandError(ErrorCode.REPLAY_UNSUITABLE, message)
        return found

    def _routes(self, cursor: Cursor, table: Table) -> list[Route]:
        channel = self._order.channel
        routes = [
            route
            for capture in find_captures(cursor, self._mappings)
            if capture.table.oid == table.oid and capture.operation is Operation.INSERT
            for route in capture.routes
            if channel in (None, route.channel)
        ]
        if routes:
            return routes
        if channel is None:
            message = f"no mapping publishes an INSERT of {self._order.table}: name a channel"
            raise CommandError(ErrorCode.REPLAY_UNSUITABLE, message)
        return [Route(channel.replace("{", "{{").replace("}", "}}"))]

    @contextmanager
    def _session(self) -> Iterator[Cursor]:
        connection = connect_to_find_tables(self._settings)
        try:
            # Each statement must see what was committed before it, whatever the server's default.
            with translate_errors(), connection.cursor() as cursor:
                connection.set_session(isolation_level="READ COMMITTED")
                yield cursor
        finally:
            connection.close()


class _Walk:
    """The way along a table's primary key; keys are JSON objects, as Postgres writes them."""

    def __init__(self, cursor: Cursor, table: Table, order: ReplayOrder) -> None:
        self._cursor = cursor
        self._table = table
        self._order = order
        self._parts = {
            "table": trigger_functions.type_of(table),
            "type": trigger_functions.type_of(table),
            "alias": sql.Identifier(table.name),
            "key": sql.SQL(", ").join(sql.Identifier(column) for column in table.key),
        }

    def keys_after(self, after: str | None) -> list[str]:
        """The next keys behind one, in order."""
        behind: sql.Composable = sql.SQL("true")
        if after is not None:
            behind = self._filled("replay_after", after=sql.Literal(after))
        return self._keys(
            "replay_keys",
            after=behind,
            where=sql.SQL(self._order.where or "true"),
            limit=sql.Literal(self._order.step_rows),
        )

    def publish(self, keys: Sequence[str], routes: Sequence[Route]) -> tuple[set[str], int]:
        """Write the events of the rows that no transaction is changing.

        Returns:
            the keys of those rows, and how many events were written.
        """
        done = self._keys("replay_lock", keys=_json_array(keys))
        if not done:
            return set(), 0
        messages = 0
        source = self._filled("replay_rows", keys=_json_array(done))
        for route in routes:
            limit = self._order.message_bytes
            self._cursor.execute(trigger_functions.inserts(route, self._table, source, limit))
            messages += self._cursor.rowcount
        if messages:
            self._cursor.execute("SELECT pg_notify('table_update', '')")
        return set(done), messages

    def still_there(self, keys: Sequence[str]) -> list[str]:
        """Those keys that rows still have, in order."""
        return self._keys("replay_present", keys=_json_array(keys)) if keys else []

    def _keys(self, name: str, **parts: sql.Composable) -> list[str]:
        self._cursor.execute(self._filled(name, **parts))
        return [key for (key,) in self._cursor.fetchall()]

    def _filled(self, name: str, **parts: sql.Composable) -> sql.Composed:
        return sql.SQL(statement(name).rstrip("\n")).format(**self._parts, **parts)


def _json_array(keys: Sequence[str]) -> sql.Composable:
    return sql.Literal(f"[{', '.join(keys)}]")


def _backlog(cursor: Cursor) -> int:
    cursor.execute(relay_statements.statement("backlog"))
    row = cursor.fetchone()
    cursor.connection.commit()
    return int(row[0]) if row else 0
