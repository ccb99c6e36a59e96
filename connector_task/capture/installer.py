"""Installs the configured captures in a database, in one transaction, and uninstalls them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import errors, sql

from connector_task.capture import trigger_functions
from connector_task.capture.catalog import find_captures
from connector_task.capture.plan import (
    Capture,
    InstallationPlan,
    Trigger,
    WantedTrigger,
    installation_plan,
)
from connector_task.capture.rights import (
    grant_and_take_back,
    record_triggers,
    refuse_foreign_owners,
    superusers,
    warn,
)
from connector_task.capture.statements import migrations, statement
from connector_task.config.choices import Operation
from connector_task.config.database import DatabaseSettings
from connector_task.config.mapping import TableMapping
from connector_task.config.model import MAX_SHARDS, Settings
from connector_task.errors import DatabaseUnavailableError, ErrorCode, InstallationError
from connector_task.postgres.session import (
    APPLICATION_LOCK,
    INSTALLATION_LOCK,
    LEADERSHIP_LOCK,
    connect_to_find_tables,
    first_line,
)
from connector_task.relay.limits import MESSAGE_BYTES, message_bytes
from connector_task.relay.ports import Logger

LOCK_TIMEOUT = "10s"  # how long writers may queue behind us while we wait for a table


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What a look at a database has shown.

    Attributes:
        plan: what `install` would do.
        captures: all that are wanted.
        superusers: as which captures run, or would.
    """

    plan: InstallationPlan
    captures: list[Capture]
    superusers: tuple[str, ...]


class Installer:
    """The installation in one database for one list of mappings. All methods block."""

    def __init__(
        self,
        settings: DatabaseSettings,
        mappings: tuple[TableMapping, ...],
        logger: Logger,
        *,
        run_role: str | None = None,
        message_bytes: int = MESSAGE_BYTES,
    ) -> None:
        self._settings = settings
        self._mappings = mappings
        self._logger = logger
        self._run_role = run_role
        self._message_bytes = message_bytes

    @classmethod
    def configured(cls, settings: Settings, logger: Logger) -> "Installer":
        """What the connector's settings ask for."""
        return cls(
            settings.database,
            settings.mappings,
            logger,
            run_role=settings.run_role,
            message_bytes=message_bytes(settings.ably),
        )

    def install(self) -> InstallationPlan:
        """Make the database what the configuration asks for; changes nothing that already is.

        Returns:
            what was changed.

        Raises:
            DatabaseUnavailableError: no session, or it was lost; nothing has changed.
            InstallationError: a table is missing or unsuitable, or a right is; nothing has changed.
        """
        with self._transaction() as cursor:
            _lock(cursor)
            captures = self._captures(cursor)
            self._migrate(cursor)
            plan = self._plan(cursor, captures)
            self._apply(cursor, plan)
            record_triggers(cursor, captures)
            self._write_control_table(cursor)
            grant_and_take_back(cursor, self._run_role)
            warn(self._logger, superusers(cursor), plan.foreign_triggers)
        return plan

    def check(self) -> Review:
        """Find out what `install` would do, without doing it.

        Raises:
            DatabaseUnavailableError: no session.
            InstallationError: a table is missing or unsuitable.
        """
        with self._transaction() as cursor:
            captures = self._captures(cursor)
            plan = self._plan(cursor, captures)
            return Review(plan=plan, captures=captures, superusers=superusers(cursor))

    def uninstall(self, *, force: bool) -> None:
        """Drop triggers, functions, schema ably and the control table.

        Args:
            force: also while messages wait, dead letters are kept, or a connector runs.

        Raises:
            DatabaseUnavailableError: no session.
            InstallationError: there is something to lose, or a right is missing.
        """
        with self._transaction() as cursor:
            _lock(cursor)
            if not force:
                _refuse_to_lose(cursor)
            for trigger in _found_triggers(cursor):
                if trigger.is_droppable or trigger.is_originals:
                    _drop_trigger(cursor, trigger)
            _drop_original_function(cursor)
            cursor.execute("DROP SCHEMA IF EXISTS ably CASCADE")
            cursor.execute("DROP TABLE IF EXISTS public.ablycontroltable")

    @contextmanager
    def _transaction(self) -> Iterator[psycopg2.extensions.cursor]:
        connection = connect_to_find_tables(self._settings)
        try:
            with _translated_errors(), connection, connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def _migrate(self, cursor: psycopg2.extensions.cursor) -> None:
        cursor.execute("SELECT to_regclass('ably.migrations') IS NOT NULL")
        if not _value(cursor):
            cursor.execute(statement("bootstrap"))
        cursor.execute("SELECT name FROM ably.migrations")
        applied = {name for (name,) in cursor.fetchall()}
        for name, text in migrations().items():
            if name not in applied:
                cursor.execute(text)
                cursor.execute("INSERT INTO ably.migrations (name) VALUES (%s)", [name])
                self._logger.info("migration applied", {"action": "install", "migration": name})

    def _captures(self, cursor: psycopg2.extensions.cursor) -> list[Capture]:
        captures = find_captures(cursor, self._mappings)
        refuse_foreign_owners(cursor, captures)
        return captures

    def _plan(
        self, cursor: psycopg2.extensions.cursor, captures: list[Capture]
    ) -> InstallationPlan:
        cursor.execute(statement("find_functions"))
        functions: dict[str, str] = dict(cursor.fetchall())
        bodies = {
            capture: trigger_functions.body(capture, self._message_bytes).as_string(cursor)
            for capture in captures
        }
        return installation_plan(bodies, _found_triggers(cursor), functions)

    def _apply(self, cursor: psycopg2.extensions.cursor, plan: InstallationPlan) -> None:
        for trigger in plan.drop_triggers:
            _drop_trigger(cursor, trigger)
            self._log("trigger dropped", f"{trigger.schema}.{trigger.table}", trigger.name)
        for name, body in plan.write_functions:
            cursor.execute(
                sql.SQL(statement("function")).format(
                    function=sql.Identifier("ably", name), body=sql.Literal(body)
                )
            )
        for wanted in plan.create_triggers:
            _create_trigger(cursor, wanted)
            self._log(
                "trigger created", f"{wanted.relation.schema}.{wanted.relation.name}", wanted.name
            )
        for name in plan.drop_functions:
            # With the triggers on tables whose owner's rights we do not have.
            drop = sql.SQL("DROP FUNCTION {}() CASCADE")
            cursor.execute(drop.format(sql.Identifier("ably", name)))
        _drop_original_function(cursor)

    def _write_control_table(self, cursor: psycopg2.extensions.cursor) -> None:
        cursor.execute("SELECT to_regclass('public.ablycontroltable') IS NOT NULL")
        if not _value(cursor):
            cursor.execute(statement("control_table"))
        cursor.execute("SELECT tablename, ablychannelname, operation FROM public.ablycontroltable")
        found = set(cursor.fetchall())
        wanted = {
            (mapping.table, mapping.channel, str(mapping.operation)) for mapping in self._mappings
        }
        for row in sorted(found - wanted):
            cursor.execute(statement("control_forget"), row)
        for row in sorted(wanted - found):
            cursor.execute(statement("control_note"), row)

    def _log(self, message: str, table: str, trigger: str) -> None:
        self._logger.info(message, {"action": "install", "table": table, "trigger": trigger})


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except errors.LockNotAvailable as exc:
        message = f"others held a lock for {LOCK_TIMEOUT}; {first_line(exc)}"
        raise InstallationError(ErrorCode.LOCK_TIMEOUT, message) from exc
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as exc:
        raise DatabaseUnavailableError(ErrorCode.DATABASE_UNAVAILABLE, first_line(exc)) from exc
    except psycopg2.Error as exc:
        message = f"unable to change the database; {first_line(exc)}"
        raise InstallationError(ErrorCode.INSTALLATION_REFUSED, message) from exc


def _lock(cursor: psycopg2.extensions.cursor) -> None:
    """Allow one installation at a time, and limit its waits: writers queue behind it."""
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
    cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [APPLICATION_LOCK, INSTALLATION_LOCK])


def _value(cursor: psycopg2.extensions.cursor) -> Any:
    row = cursor.fetchone()
    return row[0] if row else None


def _found_triggers(cursor: psycopg2.extensions.cursor) -> list[Trigger]:
    cursor.execute(statement("find_triggers"))
    return [Trigger(*row) for row in cursor.fetchall()]


def _create_trigger(cursor: psycopg2.extensions.cursor, wanted: WantedTrigger) -> None:
    cursor.execute(
        sql.SQL(statement("trigger")).format(
            trigger=sql.Identifier(wanted.name),
            operation=sql.SQL(wanted.capture.operation),
            table=sql.Identifier(wanted.relation.schema, wanted.relation.name),
            transition=sql.SQL(_transition(wanted.capture)),
            function=sql.Identifier("ably", wanted.capture.function_name),
        )
    )


def _transition(capture: Capture) -> str:
    if capture.operation is Operation.TRUNCATE:
        return ""
    if capture.sees_both:
        return "REFERENCING OLD TABLE AS before NEW TABLE AS changed"
    changed = "OLD" if capture.operation is Operation.DELETE else "NEW"
    return f"REFERENCING {changed} TABLE AS changed"


def _drop_trigger(cursor: psycopg2.extensions.cursor, trigger: Trigger) -> None:
    cursor.execute(
        sql.SQL("DROP TRIGGER {} ON {}").format(
            sql.Identifier(trigger.name), sql.Identifier(trigger.schema, trigger.table)
        )
    )


def _drop_original_function(cursor: psycopg2.extensions.cursor) -> None:
    cursor.execute(statement("find_original_function"))
    for schema, name in cursor.fetchall():
        cursor.execute(sql.SQL("DROP FUNCTION {}()").format(sql.Identifier(schema, name)))


def _refuse_to_lose(cursor: psycopg2.extensions.cursor) -> None:
    cursor.execute(
        "SELECT bool_and(pg_try_advisory_xact_lock(%s, %s + shard)) "
        "FROM generate_series(0, %s) AS shard",
        [APPLICATION_LOCK, LEADERSHIP_LOCK, MAX_SHARDS - 1],
    )
    if not _value(cursor):
        raise InstallationError(
            ErrorCode.CONNECTOR_RUNNING, "a connector is running; stop it first, or use --force"
        )
    cursor.execute("SELECT to_regclass('ably.dead_letter') IS NOT NULL")
    if not _value(cursor):
        return
    cursor.execute(statement("count_messages"))
    waiting, dead = cursor.fetchone() or (0, 0)
    if waiting or dead:
        raise InstallationError(
            ErrorCode.MESSAGES_UNDELIVERED,
            f"{waiting} messages wait to be published and {dead} dead letters are kept; "
            "they would be lost, use --force if that is meant",
        )
