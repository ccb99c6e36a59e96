"""Who else shares the shards: every process has a lock of which there may be many, and counts."""

from connector_task.config.database import DatabaseSettings
from connector_task.postgres.session import (
    APPLICATION_LOCK,
    MEMBER_LOCK,
    Connection,
    PostgresSession,
)
from connector_task.postgres.statements import statement


class PostgresMembership:
    """This process's presence among the connectors of a database with as many shards."""

    def __init__(self, settings: DatabaseSettings, shards: int) -> None:
        self._session = PostgresSession(settings)
        self._parameters = {"application": APPLICATION_LOCK, "member": MEMBER_LOCK + shards}

    async def answer(self) -> tuple[int, int]:
        """Be present, and count.

        Returns:
            this process's place among all that are present, from 0, and how many they are.

        Raises:
            DatabaseUnavailableError: there is no session.
        """
        if not self._session.is_open:
            await self._session.open()

        def work(connection: Connection) -> tuple[int, int]:
            with connection.cursor() as cursor:
                cursor.execute(statement("membership"), self._parameters)
                place, members = cursor.fetchone() or (0, 1)
            return place, members

        return await self._session.call(work)

    async def close(self) -> None:
        """Be absent."""
        await self._session.close()
