"""Sessions with Postgres: how they are opened, what their errors mean, and a thread to use one in.

psycopg2 blocks, so a session lives in one thread of its own and the event loop stays free.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias, TypeVar

import psycopg2
from psycopg2 import errors, extensions

from connector_task.config.choices import DatabaseAuth
from connector_task.config.database import DatabaseSettings
from connector_task.errors import DatabaseUnavailableError, ErrorCode

APPLICATION_NAME = "ably-connector"
APPLICATION_LOCK = 0x41424C59  # "ABLY": first half of every advisory lock of this application
INSTALLATION_LOCK = 1
AWAKE_LOCK = 2
ELECTION_LOCK = 3
LEADERSHIP_LOCK = 100  # and the shard
DIVISION_LOCK = 200  # and the number of shards
MEMBER_LOCK = 300  # and the number of shards

CONNECT_SECONDS = 5
CALL_SECONDS = 30.0  # after which a call is taken for lost and its session is cut

# Both ends notice a peer that has vanished without a word within about ten seconds: this end, to
# connect anew; the server, to end the session and with it the leadership.
KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
USER_TIMEOUT_MS = 10_000
# A claim must be on disk before its messages are published, whatever the server's default.
SERVER_OPTIONS = (
    "-c synchronous_commit=on "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 "
    f"-c tcp_user_timeout={USER_TIMEOUT_MS}"
)
# A name without a schema is Postgres' own. With the usual search path, a role that may create in
# `public` could run code as ours, by a function there that fits the arguments better.
PINNED = " -c search_path=pg_catalog,pg_temp"
# The same, from a session's first statement on; `ably.schemas` keeps what was searched until then.
PIN = """
SELECT
    pg_catalog.set_config('ably.schemas', pg_catalog.current_schemas(true)::pg_catalog.text, false),
    pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)
"""

Connection: TypeAlias = extensions.connection
Result = TypeVar("Result")


def connect(settings: DatabaseSettings) -> Connection:
    """Open a session whose search path is `pg_catalog`. Blocks for at most a few seconds.

    Raises:
        DatabaseUnavailableError: there is nobody, or they will not let us in.
    """
    return _connect(settings, SERVER_OPTIONS + PINNED)


def connect_to_find_tables(settings: DatabaseSettings) -> Connection:
    """Open a session that also knows, as `ably.schemas`, the search path that its role has.

    Raises:
        DatabaseUnavailableError: there is nobody, or they will not let us in.
    """
    connection = _connect(settings, SERVER_OPTIONS)
    try:
        with translate_errors(), connection, connection.cursor() as cursor:
            cursor.execute(PIN)
    except DatabaseUnavailableError:
        connection.close()
        raise
    return connection


def _connect(settings: DatabaseSettings, options: str) -> Connection:
    parameters: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "user": settings.user,
        "password": _password(settings),
        "dbname": settings.database,
        "sslmode": settings.sslmode.value,
        "sslrootcert": settings.sslrootcert,
        "application_name": APPLICATION_NAME,
        "client_encoding": "UTF8",
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": USER_TIMEOUT_MS,
        "options": options,
        **KEEPALIVE,
    }
    with translate_errors():
        connection: Connection = psycopg2.connect(**parameters)
        return connection


def _password(settings: DatabaseSettings) -> str:
    if settings.auth is DatabaseAuth.PASSWORD:
        return settings.password
    # Imported where it is used: it would be half of the memory of a connector that has a password.
    from connector_task.postgres.rds_token import rds_token

    return rds_token(settings)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Let no error of psycopg2's pass.

    Only the first line of what the server says is kept: its details may quote a row.

    Raises:
        DatabaseUnavailableError: in place of any of them.
    """
    try:
        yield
    except (errors.UndefinedTable, errors.InvalidSchemaName) as exc:
        message = f"schema ably is missing or incomplete; {first_line(exc)}"
        raise DatabaseUnavailableError(ErrorCode.NOT_INSTALLED, message) from exc
    except (errors.QueryCanceled, errors.LockNotAvailable) as exc:
        raise DatabaseUnavailableError(ErrorCode.DATABASE_TIMEOUT, first_line(exc)) from exc
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as exc:
        raise DatabaseUnavailableError(ErrorCode.DATABASE_UNAVAILABLE, first_line(exc)) from exc
    except psycopg2.Error as exc:
        raise DatabaseUnavailableError(ErrorCode.DATABASE_REFUSED, first_line(exc)) from exc


def first_line(exc: psycopg2.Error) -> str:
    """The server's message without its details, in one line."""
    said = getattr(exc.diag, "message_primary", None) or str(exc).strip()
    return said.splitlines()[0] if said else type(exc).__name__


class PostgresSession:
    """One session in a thread of its own, every call with a deadline."""

    def __init__(self, settings: DatabaseSettings, *, call_seconds: float = CALL_SECONDS) -> None:
        self._settings = settings
        self._call_seconds = call_seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="postgres")
        self._connection: Connection | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a session, as far as is known."""
        return self._connection is not None and not self._connection.closed

    async def open(self) -> None:
        """Open a session with every statement its own transaction."""

        def work() -> Connection:
            connection = connect(self._settings)
            connection.autocommit = True
            return connection

        await self.close()
        self._connection = await self._in_thread(work)

    async def call(self, work: Callable[[Connection], Result]) -> Result:
        """Do something with the session; calls are done one after another.

        Raises:
            DatabaseUnavailableError: there is no session, it failed, or it did not answer in time.
        """
        connection = self._connection
        if connection is None or connection.closed:
            raise DatabaseUnavailableError(
                ErrorCode.DATABASE_UNAVAILABLE, "there is no session with Postgres"
            )

        def translated() -> Result:
            with translate_errors():
                return work(connection)

        return await self._in_thread(translated)

    async def close(self) -> None:
        """End the session. Safe to call twice, and when it hangs."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            await self._in_thread(connection.close)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            async with asyncio.timeout(self._call_seconds):
                return await future
        except TimeoutError as exc:
            self._cut()
            message = f"Postgres has not answered for {self._call_seconds:g} seconds"
            raise DatabaseUnavailableError(ErrorCode.DATABASE_TIMEOUT, message) from exc
        except asyncio.CancelledError:
            self._cut()
            raise

    def _cut(self) -> None:
        """Wake the thread out of a call that hangs: there is no other way to interrupt libpq."""
        connection = self._connection
        if connection is None or connection.closed:
            return
        # A duplicate, so that closing it leaves libpq's own descriptor alone.
        with (
            suppress(OSError, psycopg2.Error),
            socket.socket(fileno=os.dup(connection.fileno())) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)
