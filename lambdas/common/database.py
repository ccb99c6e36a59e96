"""One Postgres connection per execution environment, reused by later invocations.

A new connection replaces one that broke or that belongs to another account. If a reused connection
turns out to be broken, the work runs once more on a new one. So the caller passes its work as a
function, which must be safe to repeat.
"""

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg2
from psycopg2.errors import TransactionRollbackError
from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2 names a class so
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.common.credentials import Account, accounts_from, password
from lambdas.common.errors import DatabaseRefusedError, DatabaseUnavailableError
from lambdas.common.observability import logger
from lambdas.common.secrets import Secrets
from lambdas.common.settings import DatabaseSettings

Result = TypeVar("Result")

ATTEMPTS = 2
TCP_USER_TIMEOUT_MS = 10_000


class Database:
    """Runs work in transactions on the reused connection; not thread-safe."""

    def __init__(self, settings: DatabaseSettings, secrets: Secrets) -> None:
        self._settings = settings
        self._accounts = accounts_from(settings, secrets)
        self._connection: Connection | None = None
        self._account: Account | None = None

    def run(self, work: Callable[[Cursor], Result]) -> Result:
        """Run the work in one transaction: commit when it returns, roll back when it raises.

        The work runs a second time if a reused connection broke, or if the server aborted the
        transaction (deadlock, serialization).

        Raises:
            DatabaseUnavailableError: no connection, a broken one, or a statement timeout.
            DatabaseRefusedError: the server refused a statement.
            SecretUnavailableError: the account cannot be read.
        """
        for attempt in range(1, ATTEMPTS + 1):
            connection, kept = self._connect()
            try:
                with connection, connection.cursor() as cursor:
                    return work(cursor)
            except psycopg2.Error as exc:
                broken = bool(connection.closed)
                again = (broken and kept) or isinstance(exc, TransactionRollbackError)
                if again and attempt < ATTEMPTS:
                    _log_retry(exc, broken=broken)
                    continue
                raise _translated(exc, broken=broken) from exc
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close the connection, if any; the next `run` opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg2.Error):
                connection.close()

    def _connect(self) -> tuple[Connection, bool]:
        """The connection, and whether it was reused."""
        account = self._accounts.current()
        if self._connection and not self._connection.closed and account == self._account:
            return self._connection, True
        self.close()
        try:
            self._connection = self._open(account)
        except DatabaseUnavailableError:
            renewed = self._accounts.renewed()
            if renewed == account:
                raise
            account = renewed
            self._connection = self._open(account)
        self._account = account
        return self._connection, False

    def _open(self, account: Account) -> Connection:
        settings = self._settings
        extra: dict[str, Any] = {}
        if settings.ssl_root_cert:
            extra["sslrootcert"] = settings.ssl_root_cert
        if settings.statement_timeout_ms is not None:
            # Only if set: RDS Proxy refuses a connection with options.
            extra["options"] = f"-c statement_timeout={settings.statement_timeout_ms}"
        try:
            connection: Connection = psycopg2.connect(
                host=account.host,
                port=account.port,
                dbname=account.dbname,
                user=account.user,
                password=password(account, settings),
                sslmode=settings.ssl_mode,
                connect_timeout=settings.connect_timeout_seconds,
                # The server may have gone while the environment was frozen. Without this limit
                # the first statement would wait for the kernel's timeout of fifteen minutes.
                tcp_user_timeout=settings.statement_timeout_ms or TCP_USER_TIMEOUT_MS,
                application_name="ably-postgres-lambda",
                **extra,
            )
        except psycopg2.OperationalError as exc:
            raise DatabaseUnavailableError("unable to connect to the database") from exc
        return connection


def _translated(
    exc: psycopg2.Error, *, broken: bool
) -> DatabaseUnavailableError | DatabaseRefusedError:
    """Our error for the library's; it has only the SQLSTATE, because the text may quote a row."""
    state = exc.pgcode or type(exc).__name__
    if broken:
        return DatabaseUnavailableError(f"unable to use the database; connection lost ({state})")
    if isinstance(exc, psycopg2.OperationalError):
        return DatabaseUnavailableError(f"unable to use the database; {state}")
    return DatabaseRefusedError(f"unable to run a statement; SQLSTATE {state}")


def _log_retry(exc: psycopg2.Error, *, broken: bool) -> None:
    logger().warning(
        "transaction failed, retrying",
        extra={
            "action": "retry_transaction",
            "error_code": exc.pgcode or type(exc).__name__,
            "reason": "connection_lost" if broken else "rolled_back_by_server",
        },
    )
