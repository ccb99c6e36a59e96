"""Whatever changes a table's rows is captured, and what happens to the table meanwhile survived.

On every version of Postgres that the connector promises.
"""

import io

import psycopg2
import pytest

from local.services.embedded_postgres import EmbeddedPostgres
from tests.fixtures.postgres import VERSIONS, create_database
from tests.integration.connector.captured import CapturedDatabase

WITH_MERGE = [version for version in VERSIONS if version >= 15]


@pytest.fixture
def db(any_postgres: EmbeddedPostgres) -> CapturedDatabase:
    database = CapturedDatabase(any_postgres.database_url(create_database(any_postgres)))
    database.sql("CREATE TABLE users (id bigint PRIMARY KEY, name text, room text DEFAULT 'a')")
    return database


@pytest.fixture(params=["plain", "with options"])
def captured(request: pytest.FixtureRequest, db: CapturedDatabase) -> CapturedDatabase:
    """`users` is captured; both ways are to give the same where nothing moves."""
    if request.param == "plain":
        db.install_all()
    else:
        db.install_all(where="room = 'a'", headers={"id": "{id}"})
    return db


def kinds(db: CapturedDatabase) -> list[tuple[str, int]]:
    return [(kind, row["id"]) for _, kind, row in db.take()]


def test_upserts_are_inserts_and_updates(captured: CapturedDatabase) -> None:
    captured.sql("INSERT INTO users VALUES (1, 'x')")
    captured.sql(
        "INSERT INTO users VALUES (1, 'y'), (2, 'y') "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name"
    )
    assert kinds(captured) == [("INSERT", 1), ("UPDATE", 1), ("INSERT", 2)]
    captured.sql("INSERT INTO users VALUES (1, 'z'), (3, 'z') ON CONFLICT DO NOTHING")
    assert kinds(captured) == [("INSERT", 3)]


@pytest.mark.parametrize("postgres_version", WITH_MERGE, indirect=True, ids="postgres-{}".format)
def test_merge_is_what_it_does_to_each_row(captured: CapturedDatabase) -> None:
    captured.sql("INSERT INTO users VALUES (1, 'x'), (2, 'x')")
    captured.take()
    captured.sql(
        "MERGE INTO users USING (VALUES (1, 'y'), (2, NULL), (3, 'y')) AS new (id, name) "
        "ON users.id = new.id WHEN MATCHED AND new.name IS NULL THEN DELETE "
        "WHEN MATCHED THEN UPDATE SET name = new.name "
        "WHEN NOT MATCHED THEN INSERT VALUES (new.id, new.name)"
    )
    assert sorted(kinds(captured)) == [("DELETE", 2), ("INSERT", 3), ("UPDATE", 1)]


def test_copy_is_inserts_in_the_files_order(captured: CapturedDatabase) -> None:
    connection = psycopg2.connect(captured.url)
    with connection, connection.cursor() as cursor:
        cursor.copy_expert("COPY users (id, name) FROM STDIN", io.StringIO("3\tc\n1\ta\n2\tb\n"))
    connection.close()
    assert kinds(captured) == [("INSERT", 3), ("INSERT", 1), ("INSERT", 2)]


def test_what_triggers_change_is_captured(captured: CapturedDatabase) -> None:
    captured.sql("CREATE TABLE orders (id bigint)")
    captured.sql(
        "CREATE FUNCTION add_user() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO users VALUES (new.id, 'x'); RETURN new; END$$"
    )
    captured.sql(
        "CREATE TRIGGER add AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION add_user()"
    )
    captured.sql("INSERT INTO orders VALUES (1), (2)")
    assert kinds(captured) == [("INSERT", 1), ("INSERT", 2)]


def test_what_a_trigger_makes_of_a_row_before_it_is_stored_is_what_is_captured(
    captured: CapturedDatabase,
) -> None:
    captured.sql(
        "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN new.name := upper(new.name); RETURN new; END$$"
    )
    captured.sql(
        "CREATE TRIGGER shout BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION shout()"
    )
    captured.sql("INSERT INTO users VALUES (1, 'x')")
    assert [row["name"] for _, _, row in captured.take()] == ["X"]


def test_cascades_are_captured(captured: CapturedDatabase) -> None:
    captured.sql("CREATE TABLE parents (id bigint PRIMARY KEY)")
    captured.sql(
        "ALTER TABLE users ADD FOREIGN KEY (id) REFERENCES parents "
        "ON DELETE CASCADE ON UPDATE CASCADE"
    )
    captured.sql("INSERT INTO parents VALUES (1), (2)")
    captured.sql("INSERT INTO users VALUES (1, 'x'), (2, 'y')")
    captured.take()
    captured.sql("UPDATE parents SET id = 3 WHERE id = 1")
    assert kinds(captured) == [("UPDATE", 3)]
    captured.sql("DELETE FROM parents")
    assert sorted(kinds(captured)) == [("DELETE", 2), ("DELETE", 3)]


@pytest.fixture(params=[{}, {"old": True}], ids=["plain", "with the old row"])
def logs(request: pytest.FixtureRequest, db: CapturedDatabase) -> CapturedDatabase:
    """A partitioned table, of which one partition has its columns in another order."""
    db.sql("CREATE TABLE logs (at int, text text, PRIMARY KEY (at)) PARTITION BY RANGE (at)")
    db.sql("CREATE TABLE logs_0 PARTITION OF logs FOR VALUES FROM (0) TO (10)")
    db.sql("CREATE TABLE logs_1 (gone int, text text, at int NOT NULL)")
    db.sql("ALTER TABLE logs_1 DROP COLUMN gone")
    db.sql("ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES FROM (10) TO (20)")
    db.install(
        *({"tablename": "logs", "operation": one} for one in ("INSERT", "DELETE", "TRUNCATE")),
        {"tablename": "logs", "operation": "UPDATE", **request.param},
    )
    return db


def test_a_partitioned_table_is_captured_under_its_name_whichever_table_is_named(
    logs: CapturedDatabase,
) -> None:
    logs.sql("INSERT INTO logs VALUES (1, 'a'), (11, 'b')")
    logs.sql("INSERT INTO logs_1 (at, text) VALUES (12, 'c')")
    logs.sql("UPDATE logs_1 SET text = 'd' WHERE at = 12")
    logs.sql("DELETE FROM logs_0")
    assert [(event["table"], event["type"], event["row"]) for _, event in logs.take_events()] == [
        ("logs", "INSERT", {"at": 1, "text": "a"}),
        ("logs", "INSERT", {"at": 11, "text": "b"}),
        ("logs", "INSERT", {"at": 12, "text": "c"}),
        ("logs", "UPDATE", {"at": 12, "text": "d"}),
        ("logs", "DELETE", {"at": 1, "text": "a"}),
    ]
    logs.sql("TRUNCATE logs")
    assert logs.take() == [("people", "TRUNCATE", None)]


def test_a_row_that_changes_its_partition_is_one_update(logs: CapturedDatabase) -> None:
    logs.sql("INSERT INTO logs VALUES (1, 'a'), (2, 'b'), (11, 'c')")
    logs.take()
    logs.sql("UPDATE logs SET at = 19 - at")
    events = [event for _, event in logs.take_events()]
    assert [(event["type"], event["row"]["text"], event["row"]["at"]) for event in events] == [
        ("UPDATE", "a", 18), ("UPDATE", "b", 17), ("UPDATE", "c", 8),
    ]  # fmt: skip
    assert all(
        event["old_row"] == {"at": 19 - event["row"]["at"], "text": event["row"]["text"]}
        for event in events
        if "old_row" in event
    )


def test_a_partition_of_later_is_captured_through_its_parent_and_after_an_install_by_itself(
    db: CapturedDatabase,
) -> None:
    db.sql("CREATE TABLE logs (at int) PARTITION BY RANGE (at)")
    db.install({"tablename": "logs"})
    db.sql("CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (20) TO (30)")
    db.sql("INSERT INTO logs VALUES (20)")
    db.install({"tablename": "logs"})
    db.sql("INSERT INTO logs_2 VALUES (21)")
    assert [row["at"] for _, _, row in db.take()] == [20, 21]
    db.sql("ALTER TABLE logs DETACH PARTITION logs_2")
    db.install({"tablename": "logs"})
    db.sql("INSERT INTO logs_2 VALUES (22)")
    assert db.take() == []


def test_a_row_that_a_trigger_keeps_out_of_its_new_partition_is_told_as_deleted(
    db: CapturedDatabase,
) -> None:
    db.sql("CREATE TABLE logs (at int, text text) PARTITION BY RANGE (at)")
    db.sql("CREATE TABLE logs_0 PARTITION OF logs FOR VALUES FROM (0) TO (10)")
    db.sql("CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (10) TO (20)")
    db.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN IF new.text = 'a' THEN RETURN NULL; END IF; RETURN new; END$$"
    )
    db.sql("CREATE TRIGGER no BEFORE INSERT ON logs_1 FOR EACH ROW EXECUTE FUNCTION refuse()")
    db.sql("INSERT INTO logs VALUES (1, 'a'), (2, 'b')")
    db.install({"tablename": "logs", "operation": "UPDATE", "old": True})
    db.sql("UPDATE logs SET at = at + 10")
    assert [(kind, row) for _, kind, row in db.take()] == [
        ("DELETE", {"at": 1, "text": "a"}),
        ("DELETE", {"at": 2, "text": "b"}),
        ("INSERT", {"at": 12, "text": "b"}),
    ]


def test_columns_may_come_go_and_change_their_names(db: CapturedDatabase) -> None:
    db.install_all()
    db.sql("ALTER TABLE users RENAME COLUMN id TO number")
    db.sql("ALTER TABLE users DROP COLUMN name, ADD COLUMN age int DEFAULT 7")
    db.sql("INSERT INTO users VALUES (1)")
    db.sql("UPDATE users SET room = repeat('x', 70000)")
    assert [row for _, _, row in db.take()] == [{"number": 1, "room": "a", "age": 7}, {}]
    db.sql("ALTER TABLE users DROP COLUMN number")
    db.sql("ALTER TABLE users RENAME TO people")
    db.sql("DELETE FROM people")
    assert [event["table"] for _, event in db.take_events()] == ["people"]


@pytest.mark.parametrize(
    ("options", "channel", "row"),
    [
        ({"columns": ["room", "id"]}, "people", {"id": 1}),
        ({"ablychannelname": "chat:{room}:{id}"}, "chat:null:1", {"id": 1, "name": "x"}),
        ({"headers": {"in": "{room}", "id": "{id}"}}, "people", {"id": 1, "name": "x"}),
        ({"where": "room = 'b'"}, "people", {"id": 1, "name": "x"}),
    ],
    ids=["columns", "channel", "headers", "where"],
)
def test_a_column_that_is_named_and_gone_fails_no_writer_and_is_told(
    db: CapturedDatabase, options: dict[str, object], channel: str, row: dict[str, object]
) -> None:
    db.install_all(**options)
    db.sql("INSERT INTO users VALUES (0, 'x', 'b')")
    db.take()
    db.sql("ALTER TABLE users DROP COLUMN room")
    db.sql("INSERT INTO users VALUES (1, 'x')")
    db.sql("UPDATE users SET name = 'x' WHERE id = 1")
    db.sql("DELETE FROM users WHERE id = 1")
    assert all(problem and problem.startswith("42703 column") for problem in db.problems())
    assert db.take() == [(channel, kind, row) for kind in ("INSERT", "UPDATE", "DELETE")]
