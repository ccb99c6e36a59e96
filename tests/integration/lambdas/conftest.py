"""A migrated chat database, and handlers that are new execution environments each."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.ingest.handler import make_handler
from lambdas.migrate import migrations
from tests.fixtures.aws import Aws, LambdaContext

_numbers = itertools.count(1)

Invoke = Callable[[Any], Any]


@contextmanager
def opened(url: str) -> Iterator[Cursor]:
    """A cursor of a connection of its own; committed at the end."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with opened(url) as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


@pytest.fixture
def chat_url(database_url: str) -> str:
    """A database with the chat schema."""
    with opened(database_url) as cursor:
        migrations.apply(cursor, migrations.load())
    return database_url


@pytest.fixture
def database_environment(aws: Aws, chat_url: str) -> dict[str, str]:
    """The variables of a function that uses the database."""
    return {
        "STAGE": "test",
        "DATABASE_SECRET_ARN": aws.create_database_secret(f"db-{next(_numbers)}", chat_url),
        "DATABASE_SSL_MODE": "disable",
    }


@pytest.fixture
def reject_queue_url(aws: Aws) -> str:
    return aws.create_queue("rejects")


@pytest.fixture
def ingest_environment(
    database_environment: dict[str, str], reject_queue_url: str
) -> dict[str, str]:
    return {**database_environment, "REJECT_QUEUE_URL": reject_queue_url}


@pytest.fixture
def new_ingest(
    ingest_environment: dict[str, str], lambda_context: LambdaContext
) -> Callable[[], Invoke]:
    """Makes ingest functions, each with a connection of its own, as concurrent Lambdas have."""

    def new() -> Invoke:
        handler = make_handler(ingest_environment)
        return lambda event: handler(event, lambda_context)  # type: ignore[arg-type]  # the part of AWS's class that is used

    return new


@pytest.fixture
def ingest(new_ingest: Callable[[], Invoke]) -> Invoke:
    """One warm ingest function."""
    return new_ingest()
