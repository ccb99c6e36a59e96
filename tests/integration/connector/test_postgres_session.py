"""A session that hangs is cut and can be opened anew."""

import asyncio

import pytest

from connector_task.errors import DatabaseUnavailableError, ErrorCode
from connector_task.postgres.session import Connection, PostgresSession
from tests.fixtures.connector import database_settings


def sleep_long(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")


def one(connection: Connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        (value,) = cursor.fetchone() or (0,)
        return int(value)


async def test_a_call_without_an_answer_is_given_up_and_the_next_session_works(
    database_url: str,
) -> None:
    session = PostgresSession(database_settings(database_url), call_seconds=0.3)
    await session.open()
    async with asyncio.timeout(5):
        with pytest.raises(DatabaseUnavailableError) as caught:
            await session.call(sleep_long)
        assert caught.value.code is ErrorCode.DATABASE_TIMEOUT
        await session.open()
        assert await session.call(one) == 1
        await session.close()


async def test_a_cancelled_call_does_not_keep_its_thread(database_url: str) -> None:
    session = PostgresSession(database_settings(database_url))
    await session.open()
    async with asyncio.timeout(5):
        call = asyncio.create_task(session.call(sleep_long))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await session.close()
    assert not session.is_open


async def test_what_the_server_says_of_a_row_is_not_repeated(database_url: str) -> None:
    session = PostgresSession(database_settings(database_url))
    await session.open()

    def violate(connection: Connection) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE t (x text CHECK (x <> 'private'))")
            cursor.execute("INSERT INTO t VALUES ('private')")

    with pytest.raises(DatabaseUnavailableError) as caught:
        await session.call(violate)
    assert caught.value.code is ErrorCode.DATABASE_REFUSED
    assert "private" not in str(caught.value)
    await session.close()
