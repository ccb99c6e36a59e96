"""A migrated chat database, and handlers that are new execution environments each."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2 names a class so
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.ingest.handler import make_handler
from lambdas.migrate import migrations, schema
from lambdas.migrate.roles import CHAT
from tests.fixtures.aws import Aws, LambdaContext
from tests.fixtures.roles import as_role, let_in_by_password
from tests.fixtures.waiting import eventually

_numbers = itertools.count(1)

Invoke = Callable[[Any], Any]


@contextmanager
def opened(url: str) -> Iterator[Cursor]:
    """A cursor of a connection of its own; committed at the end.

    A statement that waits for a lock in vain ends: nothing else could interrupt it.
    """
    connection = psycopg2.connect(url, options="-c statement_timeout=30000")
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


def wait_until_blocked(url: str, *, by: Connection) -> None:
    """Wait until some transaction waits for the one of this connection."""
    blocker = by.info.backend_pid
    blocked = f"SELECT count(*) FROM pg_stat_activity WHERE {blocker} = ANY(pg_blocking_pids(pid))"
    eventually(lambda: rows(url, blocked) != [(0,)], "something waits for the transaction")


@pytest.fixture
def chat_url(database_url: str) -> str:
    """The superuser's URL of a database with the chat schema, for what a test looks into."""
    with opened(database_url) as cursor:
        schema.bring_up_to_date(cursor, migrations.load())
    let_in_by_password(database_url)
    return database_url


@pytest.fixture
def database_environment(aws: Aws, chat_url: str) -> dict[str, str]:
    """The variables of a function that uses the database, as the role that it has in AWS."""
    url = as_role(chat_url, CHAT)
    return {
        "STAGE": "test",
        "DB_SECRET_ARN": aws.create_database_secret(f"db-{next(_numbers)}", url),
        "DB_SSLMODE": "disable",
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


class Emitted:
    """What functions have printed since the last look: metrics in EMF, one JSON object a line."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def text(self) -> str:
        """All of it."""
        return self._capsys.readouterr().out

    def lines(self) -> list[dict[str, Any]]:
        """Its EMF objects."""
        lines = [json.loads(line) for line in self.text().splitlines()]
        return [line for line in lines if "_aws" in line]

    def metrics(self) -> dict[str, float]:
        """The sum of each metric; one with a reason is named `Metric reason`."""
        sums: dict[str, float] = {}
        for line in self.lines():
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
                name = " ".join(filter(None, [metric["Name"], line.get("reason")]))
                sums[name] = sums.get(name, 0) + sum(line[metric["Name"]])
        return sums


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str]) -> Emitted:
    return Emitted(capsys)
