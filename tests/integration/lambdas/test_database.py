"""The kept connection: renewed when it broke, and when the secret says another account."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.common.database import Database
from lambdas.common.errors import (
    DatabaseRefusedError,
    DatabaseUnavailableError,
    SecretUnavailableError,
)
from lambdas.common.secrets import Secrets
from lambdas.common.settings import DatabaseSettings, SettingsReader
from local.system.ports import free_port
from tests.fixtures.ably_events import envelope, write
from tests.fixtures.aws import Aws, database_account
from tests.integration.lambdas.conftest import Invoke, opened, rows

ROLE = "ingest_test"


def backend(cursor: Cursor) -> int:
    """Which server process serves the connection: another one means another connection."""
    cursor.execute("SELECT pg_backend_pid()")
    [(pid,)] = cursor.fetchall()
    return int(pid)


def settings(environment: dict[str, str]) -> DatabaseSettings:
    return DatabaseSettings.read(SettingsReader(environment))


@pytest.fixture
def database(database_environment: dict[str, str]) -> Iterator[Database]:
    made = Database(settings(database_environment), Secrets())
    yield made
    made.close()


@pytest.fixture
def account(aws: Aws, chat_url: str, database_environment: dict[str, str]) -> dict[str, Any]:
    """A role of this test's own, in the secret that the functions read."""
    made = {**database_account(chat_url), "username": ROLE, "password": "first"}
    with opened(chat_url) as cursor:
        cursor.execute(sql.SQL("DROP ROLE IF EXISTS {0}").format(sql.Identifier(ROLE)))
        cursor.execute(
            sql.SQL("CREATE ROLE {0} LOGIN SUPERUSER PASSWORD 'first'").format(sql.Identifier(ROLE))
        )
    aws.secrets.put_secret_value(
        SecretId=database_environment["DB_SECRET_ARN"], SecretString=json.dumps(made)
    )
    return made


def terminate(chat_url: str, pid: int) -> None:
    """End a connection from the server's side; returns once it is gone."""
    assert rows(chat_url, f"SELECT pg_terminate_backend({pid}, 5000)") == [(True,)]


def test_the_connection_is_kept(database: Database) -> None:
    assert database.run(backend) == database.run(backend)


def test_a_connection_that_broke_in_between_is_renewed_unnoticed(
    database: Database, chat_url: str
) -> None:
    pid = database.run(backend)
    terminate(chat_url, pid)
    assert database.run(backend) != pid


def test_an_event_after_the_connection_broke_is_written(ingest: Invoke, chat_url: str) -> None:
    ingest(envelope(write("1")))
    [(pid,)] = rows(
        chat_url,
        "SELECT pid FROM pg_stat_activity "
        "WHERE application_name = 'ably-postgres-lambda' AND datname = current_database()",
    )
    terminate(chat_url, pid)
    ingest(envelope(write("2")))
    assert rows(chat_url, "SELECT msg_data FROM chat_data ORDER BY 1") == [("1",), ("2",)]


def test_a_connection_that_breaks_again_and_again_is_not_tried_forever(
    database: Database, chat_url: str
) -> None:
    seen: list[int] = []

    def work(cursor: Cursor) -> None:
        seen.append(backend(cursor))
        terminate(chat_url, seen[-1])
        cursor.execute("SELECT 1")

    database.run(backend)
    with pytest.raises(DatabaseUnavailableError, match="connection lost"):
        database.run(work)
    assert len(set(seen)) == 2
    assert database.run(backend) not in seen


def test_a_new_password_is_found_when_the_old_one_is_refused(
    aws: Aws,
    chat_url: str,
    database: Database,
    database_environment: dict[str, str],
    account: dict[str, Any],
) -> None:
    pid = database.run(backend)
    with opened(chat_url) as cursor:
        cursor.execute(sql.SQL("ALTER ROLE {0} PASSWORD 'second'").format(sql.Identifier(ROLE)))
    aws.secrets.put_secret_value(
        SecretId=database_environment["DB_SECRET_ARN"],
        SecretString=json.dumps({**account, "password": "second"}),
    )
    terminate(chat_url, pid)
    assert database.run(backend) != pid


@pytest.mark.usefixtures("account")
def test_a_password_that_is_refused_and_has_not_changed_is_an_error_without_it(
    chat_url: str, database: Database
) -> None:
    with opened(chat_url) as cursor:
        cursor.execute(sql.SQL("ALTER ROLE {0} PASSWORD 'other'").format(sql.Identifier(ROLE)))
    with pytest.raises(DatabaseUnavailableError, match=r"^unable to connect to the database$"):
        database.run(backend)


def test_a_connection_of_another_account_than_the_secret_s_is_given_up(
    aws: Aws, database_environment: dict[str, str], account: dict[str, Any]
) -> None:
    now = [0.0]
    secrets = Secrets(ttl_seconds=300, clock=lambda: now[0])
    database = Database(settings(database_environment), secrets)

    def user(cursor: Cursor) -> object:
        cursor.execute("SELECT current_user")
        return cursor.fetchall()

    assert database.run(user) == [(ROLE,)]
    with opened(_url(account)) as cursor:
        cursor.execute("DROP ROLE IF EXISTS ingest_test_2")
        cursor.execute("CREATE ROLE ingest_test_2 LOGIN PASSWORD 'x'")
    aws.secrets.put_secret_value(
        SecretId=database_environment["DB_SECRET_ARN"],
        SecretString=json.dumps({**account, "username": "ingest_test_2", "password": "x"}),
    )
    assert database.run(user) == [(ROLE,)]
    now[0] = 301
    assert database.run(user) == [("ingest_test_2",)]
    database.close()


def test_a_statement_that_takes_too_long_is_ended(database_environment: dict[str, str]) -> None:
    slow = Database(settings({**database_environment, "DB_STATEMENT_TIMEOUT_MS": "50"}), Secrets())
    with pytest.raises(DatabaseUnavailableError, match="57014"):
        slow.run(lambda cursor: cursor.execute("SELECT pg_sleep(60)"))
    assert slow.run(backend)
    slow.close()


def test_a_transaction_that_the_server_gives_up_is_run_again(
    database: Database, chat_url: str
) -> None:
    attempts: list[int] = []

    def work(cursor: Cursor) -> None:
        attempts.append(1)
        cursor.execute("INSERT INTO chat_data (msg_id) VALUES (%s)", (f"m:{len(attempts)}",))
        if len(attempts) == 1:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40P01'; END $$")

    database.run(work)
    assert rows(chat_url, "SELECT msg_id FROM chat_data") == [("m:2",)]


def test_a_transaction_given_up_again_and_again_is_not_run_forever(database: Database) -> None:
    attempts: list[int] = []

    def work(cursor: Cursor) -> None:
        attempts.append(1)
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40P01'; END $$")

    with pytest.raises(DatabaseUnavailableError, match="40P01"):
        database.run(work)
    assert len(attempts) == 2


def test_work_that_raises_leaves_nothing(database: Database, chat_url: str) -> None:
    def work(cursor: Cursor) -> None:
        cursor.execute("INSERT INTO chat_data (msg_id) VALUES ('m')")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.run(work)
    assert rows(chat_url, "SELECT msg_id FROM chat_data") == []
    assert database.run(backend)


def test_a_refused_statement_is_an_error_that_quotes_no_row(database: Database) -> None:
    def work(cursor: Cursor) -> None:
        for _ in range(2):
            cursor.execute("INSERT INTO chat_data (msg_id) VALUES ('private')")

    with pytest.raises(DatabaseRefusedError) as raised:
        database.run(work)
    assert str(raised.value) == "unable to run a statement; SQLSTATE 23505"


def test_a_database_that_is_not_there_is_an_error_in_due_time(
    aws: Aws, database_environment: dict[str, str]
) -> None:
    nowhere = {
        "host": "127.0.0.1",
        "port": free_port(),
        "dbname": "x",
        "username": "x",
        "password": "hunter2",
    }
    arn = aws.create_secret("nowhere", json.dumps(nowhere))
    database = Database(settings({**database_environment, "DB_SECRET_ARN": arn}), Secrets())
    with pytest.raises(DatabaseUnavailableError) as raised:
        database.run(backend)
    assert "hunter2" not in str(raised.value)


def test_host_port_and_name_may_come_from_the_environment(
    aws: Aws, chat_url: str, database_environment: dict[str, str]
) -> None:
    full = database_account(chat_url)
    arn = aws.create_secret(
        "rds-managed", json.dumps({key: full[key] for key in ("username", "password")})
    )
    place = {
        "DB_SECRET_ARN": arn,
        "DB_HOST": full["host"],
        "DB_PORT": str(full["port"]),
        "DB_NAME": full["dbname"],
    }
    database = Database(settings({**database_environment, **place}), Secrets())
    assert database.run(backend)
    database.close()


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("hunter2", "a JSON object with username and password"),
        ('["hunter2"]', "a JSON object with username and password"),
        ('{"password": "hunter2"}', "a JSON object with username and password"),
        (
            '{"username": "u", "password": "hunter2", "port": "hunter2"}',
            "a JSON object with username and password",
        ),
        ('{"username": "u", "password": "hunter2"}', "DB_HOST and DB_NAME"),
    ],
)
def test_a_malformed_secret_is_said_without_showing_it(
    aws: Aws, database_environment: dict[str, str], secret: str, problem: str
) -> None:
    arn = aws.create_secret("malformed", secret)
    database = Database(settings({**database_environment, "DB_SECRET_ARN": arn}), Secrets())
    with pytest.raises(SecretUnavailableError, match=problem) as raised:
        database.run(backend)
    assert "hunter2" not in str(raised.value)


def test_a_password_is_in_no_repr(database: Database) -> None:
    database.run(backend)
    assert "password" not in repr(vars(database)["_account"])


def _url(account: dict[str, Any]) -> str:
    return psycopg2.extensions.make_dsn(
        host=account["host"],
        port=account["port"],
        dbname=account["dbname"],
        user=account["username"],
        password=account["password"],
    )
