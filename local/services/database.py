"""The database of the local run: an embedded Postgres, or the one in DATABASE_URL."""

import asyncio
import json
import secrets
from dataclasses import dataclass, field, replace

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import make_dsn, parse_dsn

from local.errors import LocalError
from local.reaper import Reaper
from local.services.embedded_postgres import EmbeddedPostgres

CONNECT_SECONDS = 5
STOP_GRACE_SECONDS = 1.5


@dataclass(frozen=True, kw_only=True)
class Database:
    """The address of a database and the credentials for it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str
    ssl_mode: str
    url: str = field(repr=False)

    @classmethod
    def from_url(cls, url: str, *, ssl_mode: str) -> "Database":
        """Parse a connection URL; `ssl_mode` applies if the URL has none.

        Raises:
            LocalError: if the URL is malformed.
        """
        try:
            parts = parse_dsn(url)
            return cls(
                host=parts["host"],
                port=int(parts.get("port", 5432)),
                user=parts["user"],
                password=parts.get("password", ""),
                name=parts.get("dbname") or parts["user"],
                ssl_mode=parts.get("sslmode", ssl_mode),
                url=url,
            )
        except (psycopg2.ProgrammingError, KeyError, ValueError) as error:
            raise LocalError(
                "DATABASE_URL must look like postgresql://user:password@host:port/name"
            ) from error

    def secret(self) -> str:
        """The JSON secret that RDS would store in Secrets Manager."""
        return json.dumps(
            {
                "host": self.host,
                "port": self.port,
                "dbname": self.name,
                "username": self.user,
                "password": self.password,
            }
        )

    def as_role(self, name: str) -> "Database":
        """The same database as another role, which gets a new password. Blocks.

        In AWS, these roles have no password and use IAM; locally, the owner sets a password.

        Raises:
            LocalError: if the owner may not set it.
        """
        password = secrets.token_urlsafe()
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        try:
            connection = psycopg2.connect(make_dsn(self.url, connect_timeout=CONNECT_SECONDS))
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute(statement.format(sql.Identifier(name), sql.Literal(password)))
            finally:
                connection.close()
        except psycopg2.Error as error:
            msg = f"unable to give role {name} a password; SQLSTATE {error.pgcode or 'none'}"
            raise LocalError(msg) from error
        url = make_dsn(self.url, user=name, password=password)
        return replace(self, user=name, password=password, url=url)

    @property
    def address(self) -> str:
        """The connection URL without the password, for display."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}"


class EmbeddedDatabase:
    """An embedded Postgres that the run starts and stops."""

    ssl_mode = "disable"

    def __init__(self, server: EmbeddedPostgres, reaper: Reaper) -> None:
        server.environment |= reaper.environment
        server.on_start = reaper.started_postgres
        server.on_copy = reaper.remove_at_end
        self._server = server
        self._reaper = reaper
        self._starting: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    async def start(self) -> Database:
        """Start the server.

        Raises:
            LocalError: if it did not start.
        """
        self._starting = asyncio.create_task(asyncio.to_thread(self._server.start))
        # A thread cannot be cancelled: `stop` waits for it, so that no server is left behind.
        await asyncio.shield(self._starting)
        return Database.from_url(self._server.url, ssl_mode=self.ssl_mode)

    async def wait(self) -> None:
        """Wait until the server ends."""
        await asyncio.to_thread(self._server.wait)

    async def stop(self) -> None:
        """Stop the server. Safe to call twice, and without a start."""
        if self._starting is None:
            return
        await asyncio.wait({self._starting})
        if self._starting.cancelled() or self._starting.exception() is None:
            pid = self._server.pid
            await asyncio.to_thread(self._server.stop, grace_seconds=STOP_GRACE_SECONDS)
            self._reaper.ended(pid)
        self._starting = None


class ExternalDatabase:
    """A database of the user, which the run neither starts nor stops."""

    pid = None

    def __init__(self, url: str) -> None:
        """Create it from a connection URL.

        Raises:
            LocalError: if the URL is malformed.
        """
        self._database = Database.from_url(url, ssl_mode="prefer")
        self.ssl_mode = self._database.ssl_mode

    async def start(self) -> Database:
        """Check that the database accepts connections.

        Raises:
            LocalError: if it does not.
        """
        dsn = make_dsn(self._database.url, connect_timeout=CONNECT_SECONDS)
        try:
            (await asyncio.to_thread(psycopg2.connect, dsn)).close()
        except psycopg2.Error as error:
            reason = str(error).strip().splitlines()[0]
            msg = f"unable to connect to the database in DATABASE_URL; {reason}"
            raise LocalError(msg) from error
        return self._database

    async def wait(self) -> None:
        """Wait forever: the parts that use the database notice its end."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Do nothing."""
