"""The chat schema's migrations: from nothing, from the original's table, at once, and refused."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from psycopg2.errors import LockNotAvailable

from lambdas.common.errors import DatabaseRefusedError
from lambdas.migrate import migrations
from lambdas.migrate.handler import make_handler
from lambdas.migrate.migrations import MigrationError
from tests.fixtures.aws import Aws, LambdaContext
from tests.integration.lambdas.conftest import Invoke, opened, rows

NAMES = [
    "0001_create_chat_data",
    "0002_order_edits",
    "0003_remember_deletes",
    "0004_page_history",
]
COLUMNS = """
    SELECT column_name, data_type, is_nullable FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = 'chat_data' ORDER BY ordinal_position
"""
EXPECTED_COLUMNS = [
    ("username", "text", "YES"),
    ("msg_id", "text", "NO"),
    ("msg_data", "text", "YES"),
    ("client_id", "text", "YES"),
    ("incremental_record_id", "bigint", "NO"),
    ("created_at_timestamp", "bigint", "YES"),
    ("is_edited", "boolean", "YES"),
    ("edited_at_timestamp", "bigint", "YES"),
    ("edit_id", "text", "YES"),
]
ORIGINAL = """
    CREATE TABLE public.chat_data (
        username text, msg_id text PRIMARY KEY, msg_data text, client_id text,
        incremental_record_id {numbering}, created_at_timestamp bigint, is_edited boolean
    );
    INSERT INTO public.chat_data
        (username, msg_id, msg_data, client_id, incremental_record_id, created_at_timestamp)
    OVERRIDING SYSTEM VALUE
    SELECT 'Ann', 'm:' || n, 'old', 'c', n, n FROM generate_series(1, 3) AS n;
"""
OWN_SEQUENCE = """
    CREATE SEQUENCE public.own_seq START 4;
    ALTER TABLE public.chat_data
        ALTER COLUMN incremental_record_id SET DEFAULT nextval('public.own_seq');
"""


@pytest.fixture
def migrate(aws: Aws, database_url: str, lambda_context: LambdaContext) -> Invoke:
    """The migrate function on an empty database."""
    handler = make_handler(
        {
            "STAGE": "test",
            "DB_SECRET_ARN": aws.create_database_secret("migrate", database_url),
            "DB_SSLMODE": "disable",
        }
    )
    return lambda event: handler(event, lambda_context)  # type: ignore[arg-type]  # the part of AWS's class that is used


def write_files(folder: Path, **statements: str) -> list[migrations.Migration]:
    for name, text in statements.items():
        (folder / f"{name.removeprefix('m')}.sql").write_text(text)
    return migrations.load(folder)


def test_an_empty_database_gets_the_contract_s_table(migrate: Invoke, database_url: str) -> None:
    assert migrate({"RequestType": "Create"}) == {"applied": NAMES, "ahead": []}
    assert rows(database_url, COLUMNS) == EXPECTED_COLUMNS
    assert rows(database_url, "SELECT name FROM chat_migration ORDER BY number") == [
        (name,) for name in NAMES
    ]


@pytest.mark.parametrize("event", [None, {}, {"RequestType": "Delete"}, "anything"])
def test_migrating_again_does_nothing_whatever_the_event_says(
    migrate: Invoke, database_url: str, event: object
) -> None:
    migrate({})
    before = rows(database_url, "SELECT * FROM chat_migration ORDER BY number")
    assert migrate(event) == {"applied": [], "ahead": []}
    assert rows(database_url, "SELECT * FROM chat_migration ORDER BY number") == before


@pytest.mark.parametrize(
    ("numbering", "more"),
    [
        ("bigint NOT NULL", OWN_SEQUENCE),
        ("bigint NOT NULL", ""),
        ("bigint NOT NULL GENERATED ALWAYS AS IDENTITY (START 4)", ""),
    ],
    ids=["own sequence", "no default", "identity"],
)
def test_the_original_s_table_is_taken_over_with_its_rows(
    migrate: Invoke, database_url: str, numbering: str, more: str
) -> None:
    with opened(database_url) as cursor:
        cursor.execute(ORIGINAL.format(numbering=numbering) + more)
    migrate({})
    assert rows(database_url, COLUMNS) == EXPECTED_COLUMNS
    with opened(database_url) as cursor:
        cursor.execute("INSERT INTO chat_data (msg_id) VALUES ('m:4')")
    assert rows(
        database_url,
        "SELECT msg_id, incremental_record_id, edit_id FROM chat_data ORDER BY 2",
    ) == [("m:1", 1, None), ("m:2", 2, None), ("m:3", 3, None), ("m:4", 4, None)]


def test_two_deploys_at_once_apply_each_migration_once(database_url: str) -> None:
    def apply() -> list[str]:
        with opened(database_url) as cursor:
            return migrations.apply(cursor, migrations.load())

    with ThreadPoolExecutor(2) as pool:
        runs = [run.result(timeout=30) for run in [pool.submit(apply) for _ in range(2)]]
    assert sorted(runs) == [[], NAMES]


def test_a_migration_changed_after_it_was_applied_is_refused(
    tmp_path: Path, database_url: str
) -> None:
    with opened(database_url) as cursor:
        migrations.apply(cursor, write_files(tmp_path, m0001_a="CREATE TABLE a ()"))
    changed = write_files(tmp_path, m0001_a="CREATE TABLE b ()", m0002_c="CREATE TABLE c ()")
    with (
        pytest.raises(MigrationError, match="0001_a was changed after it was applied"),
        opened(database_url) as cursor,
    ):
        migrations.apply(cursor, changed)
    assert rows(database_url, "SELECT to_regclass('b'), to_regclass('c')") == [(None, None)]


def test_an_older_release_leaves_a_newer_database_as_it_is_and_says_so(
    migrate: Invoke, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    migrate({})
    with opened(database_url) as cursor:
        cursor.execute("INSERT INTO chat_migration VALUES (5, '0005_b', ''), (6, '0006_c', '')")
    assert migrate({}) == {"applied": [], "ahead": ["0005_b", "0006_c"]}
    (line,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "belongs to a later release" in line.message
    assert vars(line)["migration"] == "0006_c"


def test_a_migration_changed_after_it_was_applied_is_refused_on_a_newer_database_too(
    tmp_path: Path, database_url: str
) -> None:
    newer = write_files(tmp_path, m0001_a="SELECT 1", m0002_b="SELECT 1")
    with opened(database_url) as cursor:
        migrations.apply(cursor, newer)
    changed = write_files(tmp_path, m0001_a="SELECT 2")
    with (
        pytest.raises(MigrationError, match="0001_a was changed after it was applied"),
        opened(database_url) as cursor,
    ):
        migrations.apply(cursor, changed[:1])


def test_a_migration_that_fails_leaves_nothing_of_any(tmp_path: Path, database_url: str) -> None:
    failing = write_files(tmp_path, m0001_a="CREATE TABLE a ()", m0002_b="SELECT 1/0")
    with pytest.raises(Exception, match="division by zero"), opened(database_url) as cursor:
        migrations.apply(cursor, failing)
    assert rows(database_url, "SELECT to_regclass('a'), to_regclass('chat_migration')") == [
        (None, None)
    ]


def test_a_failure_raises_so_that_the_deploy_is_rolled_back(
    migrate: Invoke, database_url: str
) -> None:
    with opened(database_url) as cursor:
        cursor.execute("CREATE VIEW chat_data AS SELECT 1")
    with pytest.raises(DatabaseRefusedError, match="SQLSTATE 42501"):
        migrate({})


def test_a_table_that_somebody_locks_fails_the_deploy_in_due_time(database_url: str) -> None:
    with opened(database_url) as cursor:
        cursor.execute(ORIGINAL.format(numbering="bigint NOT NULL"))
    with opened(database_url) as holding:
        holding.execute("LOCK TABLE chat_data IN ACCESS SHARE MODE")
        with pytest.raises(LockNotAvailable), opened(database_url) as cursor:
            migrations.apply(cursor, migrations.load(), lock_timeout_ms=50)
    with opened(database_url) as cursor:
        assert migrations.apply(cursor, migrations.load()) == NAMES


def test_the_function_leaves_no_connection_behind(migrate: Invoke, database_url: str) -> None:
    migrate({})
    open_connections: list[tuple[Any, ...]] = rows(
        database_url,
        "SELECT pid FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'ably-postgres-lambda'",
    )
    assert open_connections == []
