"""Wake-ups by LISTEN, on a connection of their own that is renewed whenever it is lost."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import psycopg2

from connector_task.config.database import DatabaseSettings
from connector_task.errors import DatabaseUnavailableError
from connector_task.postgres.session import Connection, connect, translate_errors
from connector_task.relay.ports import Logger

LISTEN = "LISTEN table_update"
RECONNECT_SECONDS = 1.0


class PostgresWakeups:
    """See `ports.Wakeups`."""

    def __init__(self, settings: DatabaseSettings, logger: Logger) -> None:
        self._settings = settings
        self._logger = logger
        self._task: asyncio.Task[None] | None = None

    async def listen(self, wake: Callable[[], None]) -> None:
        """Listen in the background from now on."""
        await self.close()
        self._task = asyncio.create_task(self._keep_listening(wake), name="wakeups")

    async def close(self) -> None:
        """Stop listening and end the connection."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _keep_listening(self, wake: Callable[[], None]) -> None:
        while True:
            try:
                connection = await asyncio.to_thread(self._open)
                wake()  # for what was committed before anyone listened
                with translate_errors():
                    await _forward(connection, wake)
            except DatabaseUnavailableError as exc:
                self._logger.warning(
                    "not listening, relying on the poll",
                    {"action": "listen", "error_code": exc.code, "error": str(exc)},
                )
                await asyncio.sleep(RECONNECT_SECONDS)

    def _open(self) -> Connection:
        connection = connect(self._settings)
        connection.autocommit = True
        with translate_errors(), connection.cursor() as cursor:
            cursor.execute(LISTEN)
        return connection


async def _forward(connection: Connection, wake: Callable[[], None]) -> None:
    """Call `wake` for every batch of notifications, until the connection breaks.

    Raises:
        psycopg2.Error: it broke, or was broken when it came.
    """
    loop = asyncio.get_running_loop()
    broken: asyncio.Future[None] = loop.create_future()
    descriptor = connection.fileno()

    def read() -> None:
        try:
            connection.poll()
        except psycopg2.Error as exc:
            loop.remove_reader(descriptor)
            if not broken.done():
                broken.set_exception(exc)
            return
        if connection.notifies:
            connection.notifies.clear()
            wake()

    loop.add_reader(descriptor, read)
    try:
        await broken
    finally:
        loop.remove_reader(descriptor)
        connection.close()
