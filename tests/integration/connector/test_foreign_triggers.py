"""A capture function runs for the triggers that `install` has made, and refuses all others."""

from typing import Any

import pytest
from psycopg2 import errors

from local.services.embedded_postgres import EmbeddedPostgres
from tests.fixtures.connector import session
from tests.fixtures.roles import as_role
from tests.integration.connector.shared import (
    CHANGES,
    OPERATIONS,
    SharedDatabase,
    shared_database,
)

# A type that the role owns, with a cast to json that is a function of the role's.
EVIL_TYPE = """
CREATE TABLE own.witness (who text);
GRANT INSERT ON own.witness TO PUBLIC;
CREATE TYPE own.evil AS ENUM ('a');
CREATE FUNCTION own.run(e own.evil) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO own.witness VALUES (current_user);
    RETURN to_json(current_user::text);
END $$;
CREATE CAST (own.evil AS json) WITH FUNCTION own.run(own.evil);
"""


@pytest.fixture(params=["plain", "with options"])
def captured(request: pytest.FixtureRequest, shared: SharedDatabase) -> SharedDatabase:
    """`users` is captured; each kind of capture has a function body of its own."""
    options: dict[str, Any] = {"where": "id > 0", "headers": {"id": "{id}"}}
    shared.install_every_operation(**(options if request.param == "with options" else {}))
    return shared


def test_a_role_that_uses_the_schema_cannot_make_a_trigger_of_a_capture_function(
    captured: SharedDatabase,
) -> None:
    captured.as_stranger("CREATE TABLE own.t (id int)")
    for operation in OPERATIONS:
        with pytest.raises(errors.InsufficientPrivilege, match="permission denied for function"):
            captured.as_stranger(captured.trigger(operation, "own.t"))


@pytest.mark.parametrize("table", ["own.t", "own.users", "pg_temp.users"])
def test_a_table_that_is_not_captured_is_refused_whoever_may_execute_the_function(
    captured: SharedDatabase, table: str
) -> None:
    captured.grant_as_an_older_release()
    captured.as_stranger(EVIL_TYPE)
    for operation, function in captured.functions().items():
        attack = (
            f"CREATE TABLE {table} (id bigint DEFAULT 1, name text, x own.evil DEFAULT 'a');"
            f"INSERT INTO {table} DEFAULT VALUES; {captured.trigger(operation, table)};"
            f"{CHANGES[operation].format(table=table)}"
        )
        refusal = f"is not captured by ably.{function}"
        with pytest.raises(errors.InsufficientPrivilege, match=refusal):
            captured.as_stranger(attack)
    assert captured.take() == []
    assert captured.as_superuser("SELECT * FROM own.witness") == []


def test_a_trigger_that_an_older_release_let_be_made_is_refused_and_holds_up_no_installation(
    captured: SharedDatabase,
) -> None:
    captured.grant_as_an_older_release()
    captured.as_stranger("CREATE TABLE own.t (id int)")
    captured.as_stranger(captured.trigger("INSERT", "own.t"))
    captured.install({})
    assert captured.logger.said("WARNING") == ["trigger was not made by the connector"]
    *_, (_, _, fields) = captured.logger.lines
    assert (fields["table"], fields["trigger"]) == ("own.t", "forged")
    (foreign,) = captured.installation({}).check().plan.foreign_triggers
    assert foreign.table == "t"
    assert captured.installation({}).install().is_empty
    with pytest.raises(errors.InsufficientPrivilege, match="is not captured"):
        captured.as_stranger("INSERT INTO own.t VALUES (1)")
    captured.install({"operation": "DELETE"})  # the trigger goes with the function
    captured.as_stranger("INSERT INTO own.t VALUES (1)")
    assert captured.installation({"operation": "DELETE"}).check().plan.foreign_triggers == ()
    captured.installation().uninstall(force=True)


@pytest.mark.parametrize(
    ("move", "table"),
    [
        ("ALTER TABLE users RENAME TO persons", "persons"),
        ("ALTER TABLE users SET SCHEMA other", "other.users"),
        ("ALTER TABLE users RENAME TO kept; CREATE TABLE users (LIKE kept)", "kept"),
    ],
)
def test_a_table_that_was_moved_is_captured_on_and_its_writers_do_not_notice(
    captured: SharedDatabase, move: str, table: str
) -> None:
    captured.sql(f"CREATE SCHEMA other; GRANT USAGE ON SCHEMA other TO {captured.stranger}")
    captured.sql(move)
    captured.sql(f"REVOKE ALL ON SCHEMA ably FROM {captured.stranger}")
    for operation in OPERATIONS:
        captured.as_stranger(CHANGES[operation].format(table=table))
    assert [kind for _, kind, _ in captured.take()] == list(OPERATIONS)


@pytest.fixture
def partitioned(shared: SharedDatabase) -> SharedDatabase:
    """A partitioned table, which the stranger may write."""
    shared.sql("CREATE TABLE logs (at int) PARTITION BY RANGE (at)")
    shared.sql("CREATE TABLE logs_0 PARTITION OF logs FOR VALUES FROM (0) TO (10)")
    shared.sql(f"GRANT ALL ON logs, logs_0 TO {shared.stranger}")
    return shared


def test_who_writes_to_a_partition_directly_needs_no_right_on_the_schema(
    partitioned: SharedDatabase,
) -> None:
    partitioned.install({"tablename": "logs"})
    partitioned.as_stranger("INSERT INTO logs VALUES (1); INSERT INTO logs_0 VALUES (2)")
    assert [row["at"] for _, _, row in partitioned.take()] == [1, 2]


@pytest.mark.parametrize("name", ["logs", '"Odd ""logs"""'])
def test_a_transaction_older_than_the_installation_writes_to_a_partition(
    partitioned: SharedDatabase, name: str
) -> None:
    if name != "logs":
        partitioned.sql(f"ALTER TABLE logs RENAME TO {name}")
    url = as_role(partitioned.superuser_url, partitioned.stranger)
    with session(url) as writer, writer.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT count(*) FROM pg_class")
        partitioned.install({"tablename": name})
        cursor.execute("INSERT INTO logs_0 VALUES (1)")
        cursor.execute("COMMIT")
    assert [row["at"] for _, _, row in partitioned.take()] == [1]


def test_a_partition_that_was_detached_still_takes_its_writers_changes(
    partitioned: SharedDatabase,
) -> None:
    partitioned.install({"tablename": "logs"})
    partitioned.sql("ALTER TABLE logs DETACH PARTITION logs_0")
    partitioned.as_stranger("INSERT INTO logs_0 VALUES (1)")


def test_every_version_of_postgres_refuses_what_is_foreign_and_captures_what_is_its_own(
    any_postgres: EmbeddedPostgres,
) -> None:
    with shared_database(any_postgres) as db:
        db.sql("CREATE TABLE logs (at int) PARTITION BY RANGE (at)")
        db.sql("CREATE TABLE logs_0 PARTITION OF logs FOR VALUES FROM (0) TO (10)")
        db.sql(f"GRANT INSERT ON logs_0 TO {db.stranger}")
        db.install({}, {"tablename": "logs", "operation": "INSERT"})
        db.sql(f"GRANT USAGE ON SCHEMA ably TO {db.stranger}")
        db.as_stranger("CREATE TABLE own.users (id int)")
        attack = db.trigger("INSERT", "own.users")
        for refusal in ("permission denied for function", "is not captured by"):
            with pytest.raises(errors.InsufficientPrivilege, match=refusal):
                db.as_stranger(f"{attack}; INSERT INTO own.users VALUES (1)")
            db.grant_as_an_older_release()
        db.sql("ALTER TABLE users RENAME TO persons")
        db.as_stranger("INSERT INTO persons VALUES (2); INSERT INTO logs_0 VALUES (3)")
        assert [row for _, _, row in db.take()] == [{"id": 2, "name": None}, {"at": 3}]
