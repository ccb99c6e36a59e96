"""A database is brought to the configuration, whatever is in it, and left clean at the end."""

import threading
from collections.abc import Callable

import psycopg2
import pytest

from connector_task.capture.installer import Installer
from connector_task.config.choices import Operation
from connector_task.config.mapping import TableMapping
from connector_task.errors import ErrorCode, InstallationError
from tests.fakes.logger import MemoryLogger
from tests.fixtures.connector import database_settings, query, session

Sql = Callable[..., list[tuple[object, ...]]]

ORIGINAL = """
CREATE TABLE ablycontroltable (
    tablename varchar(100) NOT NULL, ablychannelname varchar(100) NOT NULL,
    operation varchar(50) NOT NULL, PRIMARY KEY (tablename, ablychannelname, operation));
INSERT INTO ablycontroltable VALUES ('users', 'people', 'INSERT'), ('users', 'people', 'UPDATE');
CREATE FUNCTION ably_notify() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    data json;
BEGIN
    IF TG_OP = 'DELETE' THEN data = row_to_json(OLD); ELSE data = row_to_json(NEW); END IF;
    PERFORM pg_notify('table_update',
        json_build_object('table', TG_TABLE_NAME, 'type', TG_OP, 'row', data)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER users_notify_insert AFTER INSERT ON users
    FOR EACH ROW EXECUTE PROCEDURE ably_notify();
CREATE TRIGGER users_notify_update AFTER UPDATE ON users
    FOR EACH ROW EXECUTE PROCEDURE ably_notify();
"""
TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, tgtype & 1 = 1, tgfoid::regproc::text
FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2
"""


@pytest.fixture
def sql(database_url: str) -> Sql:
    def run(text: str, *parameters: object) -> list[tuple[object, ...]]:
        return query(database_url, text, *parameters)

    run("CREATE TABLE users (id bigint PRIMARY KEY, name text)")
    return run


@pytest.fixture
def installation(database_url: str) -> Callable[..., Installer]:
    def make(*mappings: tuple[str, str, str]) -> Installer:
        return Installer(
            database_settings(database_url),
            tuple(
                TableMapping(table=table, channel=channel, operation=Operation(operation))
                for table, channel, operation in mappings
            ),
            MemoryLogger(),
        )

    return make


Make = Callable[..., Installer]
INSERTS = ("users", "people", "INSERT")
UPDATES = ("users", "people", "UPDATE")


def triggers(sql: Sql) -> list[tuple[object, object]]:
    """Table and name of every trigger there is."""
    return [(table, name) for table, name, _, _ in sql(TRIGGERS)]


def control_rows(sql: Sql) -> list[tuple[object, ...]]:
    return sql("SELECT * FROM public.ablycontroltable ORDER BY 1, 2, 3")


def waiting(sql: Sql) -> list[tuple[object, ...]]:
    return sql("SELECT channel, name FROM ably.outbox ORDER BY id")


def test_an_installation_of_the_original_is_taken_over_in_place(
    sql: Sql, installation: Make
) -> None:
    sql(ORIGINAL)
    created = sql("SELECT 'ablycontroltable'::regclass::oid")
    installation(INSERTS, UPDATES).install()
    assert triggers(sql) == [("users", "users_notify_insert"), ("users", "users_notify_update")]
    assert not any(is_per_row for _, _, is_per_row, _ in sql(TRIGGERS))
    assert sql("SELECT to_regproc('ably_notify')") == [(None,)]
    assert sql("SELECT 'ablycontroltable'::regclass::oid") == created
    assert control_rows(sql) == [INSERTS, UPDATES]
    sql("INSERT INTO users VALUES (1, repeat('x', 9000))")  # the original failed here
    assert waiting(sql) == [("people", "INSERT")]


def test_the_originals_function_stays_where_something_else_uses_it(
    sql: Sql, installation: Make
) -> None:
    sql(ORIGINAL)
    sql("CREATE TABLE other (id int)")
    sql("CREATE TRIGGER own AFTER INSERT ON other FOR EACH ROW EXECUTE PROCEDURE ably_notify()")
    installation(INSERTS).install()
    assert sql("SELECT to_regproc('ably_notify') IS NOT NULL") == [(True,)]
    assert triggers(sql) == [("other", "own"), ("users", "users_notify_insert")]


def test_two_installations_at_once_do_not_collide(sql: Sql, installation: Make) -> None:
    failures: list[BaseException] = []
    barrier = threading.Barrier(4)

    def install() -> None:
        barrier.wait()
        try:
            installation(INSERTS, UPDATES).install()
        except BaseException as exc:  # noqa: BLE001  # handed to the test's own thread
            failures.append(exc)

    threads = [threading.Thread(target=install) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert triggers(sql) == [("users", "users_notify_insert"), ("users", "users_notify_update")]
    assert control_rows(sql) == [INSERTS, UPDATES]
    assert sql("SELECT count(*) > 1, count(*) = count(DISTINCT name) FROM ably.migrations") == [
        (True, True)
    ]


def test_installing_again_changes_nothing_and_waits_for_nobody(
    database_url: str, sql: Sql, installation: Make
) -> None:
    installation(INSERTS).install()
    before = sql("SELECT oid FROM pg_trigger WHERE tgname = 'users_notify_insert'")
    with session(database_url) as writer, writer.cursor() as cursor:
        cursor.execute("BEGIN; INSERT INTO users VALUES (1)")
        assert installation(INSERTS).install().is_empty
        cursor.execute("ROLLBACK")
    assert sql("SELECT oid FROM pg_trigger WHERE tgname = 'users_notify_insert'") == before


def test_a_new_channel_is_taken_up_without_a_lock_on_the_table(
    database_url: str, sql: Sql, installation: Make
) -> None:
    installation(INSERTS).install()
    with session(database_url) as writer, writer.cursor() as cursor:
        cursor.execute("BEGIN; INSERT INTO users VALUES (1)")
        installation(("users", "crowd", "INSERT")).install()
        cursor.execute("ROLLBACK")
    sql("INSERT INTO users VALUES (2)")
    assert waiting(sql) == [("crowd", "INSERT")]
    assert control_rows(sql) == [("users", "crowd", "INSERT")]


def test_a_mapping_that_is_configured_no_more_loses_its_trigger_function_and_row(
    sql: Sql, installation: Make
) -> None:
    installation(INSERTS, UPDATES).install()
    installation(UPDATES).install()
    assert triggers(sql) == [("users", "users_notify_update")]
    assert control_rows(sql) == [UPDATES]
    assert sql("SELECT count(*) FROM pg_proc WHERE proname ~ '^capture_'") == [(1,)]


def test_a_table_that_was_dropped_and_made_again_is_captured_again(
    sql: Sql, installation: Make
) -> None:
    installation(INSERTS).install()
    sql("DROP TABLE users")
    sql("CREATE TABLE users (id bigint)")
    installation(INSERTS).install()
    sql("INSERT INTO users VALUES (1)")
    assert waiting(sql) == [("people", "INSERT")]
    assert sql("SELECT count(*) FROM pg_proc WHERE proname ~ '^capture_'") == [(1,)]


def test_a_renamed_table_is_left_alone_when_the_configuration_still_says_the_old_name(
    sql: Sql, installation: Make
) -> None:
    installation(INSERTS).install()
    sql("ALTER TABLE users RENAME TO people")
    sql("CREATE TABLE users (id bigint)")
    installation(INSERTS).install()
    assert triggers(sql) == [("users", "users_notify_insert")]


def test_a_renamed_table_is_followed_when_the_configuration_says_its_new_name(
    sql: Sql, installation: Make
) -> None:
    installation(INSERTS).install()
    sql("ALTER TABLE users RENAME TO persons")
    installation(("persons", "people", "INSERT")).install()
    assert triggers(sql) == [("persons", "persons_notify_insert")]
    assert control_rows(sql) == [("persons", "people", "INSERT")]


def test_a_disabled_trigger_is_enabled(sql: Sql, installation: Make) -> None:
    installation(INSERTS).install()
    sql("ALTER TABLE users DISABLE TRIGGER users_notify_insert")
    installation(INSERTS).install()
    sql("INSERT INTO users VALUES (1)")
    assert waiting(sql) == [("people", "INSERT")]


def test_tables_that_do_not_exist_are_named_and_nothing_is_changed(
    sql: Sql, installation: Make
) -> None:
    with pytest.raises(InstallationError) as caught:
        installation(INSERTS, ("ghosts", "a", "INSERT"), ("app.gone", "a", "DELETE")).install()
    assert caught.value.code is ErrorCode.TABLE_MISSING
    assert str(caught.value) == "table ghosts does not exist; table app.gone does not exist"
    assert sql("SELECT to_regnamespace('ably')") == [(None,)]
    assert triggers(sql) == []


def test_what_is_no_table_of_its_own_is_refused_with_the_reason(
    sql: Sql, installation: Make
) -> None:
    sql("CREATE VIEW people AS SELECT * FROM users")
    sql("CREATE TABLE logs (at int) PARTITION BY RANGE (at)")
    sql("CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9)")
    with pytest.raises(InstallationError) as caught:
        installation(("people", "a", "INSERT"), ("logs_1", "a", "INSERT")).install()
    assert caught.value.code is ErrorCode.TABLE_UNSUITABLE
    assert "table people is a view" in str(caught.value)
    assert "table logs_1 is a partition; name its parent" in str(caught.value)


def test_a_partitioned_table_is_captured_under_its_own_name(sql: Sql, installation: Make) -> None:
    sql("CREATE TABLE logs (at int) PARTITION BY RANGE (at)")
    sql("CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9)")
    installation(("logs", "a", "INSERT")).install()
    sql("INSERT INTO logs VALUES (1)")
    assert sql("SELECT data FROM ably.outbox") == [
        ('{"table" : "logs", "type" : "INSERT", "row" : {"at":1}}',)
    ]


def test_a_role_without_the_right_is_told_so(sql: Sql, database_url: str) -> None:
    sql("DROP ROLE IF EXISTS guest")
    sql("CREATE ROLE guest LOGIN PASSWORD 'pw'")
    own = database_settings(database_url)
    url = f"postgresql://guest:pw@{own.host}:{own.port}/{own.database}"
    mapping = TableMapping(table="users", channel="people", operation=Operation.INSERT)
    guest = Installer(database_settings(url), (mapping,), MemoryLogger())
    with pytest.raises(InstallationError, match="unable to change the database; permission denied"):
        guest.install()
    sql("DROP ROLE guest")


def test_uninstalling_leaves_the_tables_and_nothing_else(sql: Sql, installation: Make) -> None:
    sql(ORIGINAL)
    installation(INSERTS, UPDATES).install()
    sql("INSERT INTO users VALUES (1)")
    sql("DELETE FROM ably.outbox")
    installation().uninstall(force=False)
    assert triggers(sql) == []
    assert sql("SELECT to_regnamespace('ably'), to_regclass('ablycontroltable')") == [(None, None)]
    assert sql("SELECT count(*) FROM users") == [(1,)]
    installation().uninstall(force=False)


def test_uninstalling_is_refused_while_messages_wait_unless_forced(
    sql: Sql, installation: Make
) -> None:
    installation(INSERTS).install()
    sql("INSERT INTO users VALUES (1)")
    with pytest.raises(InstallationError) as caught:
        installation().uninstall(force=False)
    assert caught.value.code is ErrorCode.MESSAGES_UNDELIVERED
    assert "1 messages wait" in str(caught.value)
    installation().uninstall(force=True)
    assert triggers(sql) == []


@pytest.mark.parametrize("function", ["publish", "publish_json"])
def test_a_messages_channel_and_headers_are_checked_where_it_is_written(
    sql: Sql, installation: Make, function: str
) -> None:
    installation().install()
    for channel, headers, message in (
        ("", "{}", "channel must have 1 to 2048 bytes"),
        ("a" * 2049, "{}", "channel must have 1 to 2048 bytes"),
        ("a", "[]", "headers must be an object"),
    ):
        with pytest.raises(psycopg2.errors.InvalidParameterValue, match=message):
            sql(f"SELECT ably.{function}(%s, 'name', '1', %s)", channel, headers)
