"""Rows that are there already are published, while others change them."""

import signal
import threading
from typing import Any

import pytest

from tests.fixtures.connector import ConnectorProcess, command, running, session
from tests.fixtures.waiting import eventually
from tests.integration.connector.captured import CapturedDatabase
from tests.integration.connector.conftest import Site, Start


@pytest.fixture
def db(site: Site) -> CapturedDatabase:
    """Ten users, and the installation of the site's mappings."""
    database = CapturedDatabase(site.url)
    database.sql("INSERT INTO users SELECT n, 'n' || n FROM generate_series(1, 10) AS n")
    database.install_all()
    return database


def replay(site: Site, *arguments: str) -> str:
    result = command("replay", "--table", "users", *arguments, variables=site.variables())
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(site: Site, *arguments: str) -> str:
    result = command("replay", *arguments, variables=site.variables())
    assert result.returncode == 1
    return result.stderr


def ids(db: CapturedDatabase) -> list[int]:
    taken = db.take()
    assert {(channel, kind) for channel, kind, _ in taken} <= {("people", "INSERT")}
    return [row["id"] for _, _, row in taken]


def test_every_row_is_one_insert_in_the_order_of_the_key(site: Site, db: CapturedDatabase) -> None:
    assert replay(site, "--rows", "3") == "10 rows replayed as 10 messages\n"
    assert ids(db) == list(range(1, 11))


def test_a_condition_and_a_place_to_begin_choose_the_rows(site: Site, db: CapturedDatabase) -> None:
    replay(site, "--where", "name LIKE '%n%' AND users.id % 2 = 0", "--after", '{"id": 4}')
    assert ids(db) == [6, 8, 10]


def test_rows_take_the_form_and_the_channels_of_the_mappings(
    site: Site, db: CapturedDatabase
) -> None:
    db.sql("CREATE TABLE notes (a text, b int, c date, room text, PRIMARY KEY (b, a))")
    db.sql("INSERT INTO notes VALUES ('y', 1, '2026-01-02', 'r'), ('x', 1, NULL, 's'),"
           " ('a', 2, NULL, NULL)")  # fmt: skip
    forms: dict[str, dict[str, Any]] = {
        "room:{room}": {"columns": ["a"], "payload": "json", "headers": {"b": "{b}"}},
        "all": {"where": "c IS NULL"},
    }
    site.connector = [
        {"tablename": "notes", "ablychannelname": name, "operation": "INSERT", **options}
        for name, options in forms.items()
    ]
    result = command("replay", "--table", "notes", "--rows", "1", variables=site.variables())
    assert result.stdout == "3 rows replayed as 5 messages\n"
    assert db.sql("SELECT channel, encoding, headers FROM ably.outbox ORDER BY id") == [
        ("room:s", "json", {"b": "1"}), ("all", None, None),
        ("room:r", "json", {"b": "1"}),
        ("room:null", "json", {"b": "2"}), ("all", None, None),
    ]  # fmt: skip
    events = [event for _, event in db.take_events()]
    assert events[0] == {"table": "notes", "type": "INSERT", "row": {"a": "x"}}
    command("replay", "--table", "notes", "--channel", "a{side}", variables=site.variables())
    assert [channel for channel, _, _ in db.take()] == ["a{side}"] * 3


def test_it_waits_for_no_writer_and_no_writer_for_it_and_the_last_event_is_the_last_state(
    site: Site, start: Start, db: CapturedDatabase
) -> None:
    start().until("leading")
    db.sql("INSERT INTO users SELECT n, 'n' FROM generate_series(11, 400) AS n")
    stop = threading.Event()
    failures: list[BaseException] = []

    def write(seed: int) -> None:
        try:
            with session(site.url) as connection, connection.cursor() as cursor:
                turn = 0
                while not stop.wait(0.002):
                    turn += 1
                    for place in (turn * seed % 400 + 1, (turn * seed + 200) % 400 + 1):
                        cursor.execute(
                            "UPDATE users SET name = %s WHERE id = %s", (f"{seed}.{turn}", place)
                        )
        except BaseException as exc:  # noqa: BLE001  # handed to the test's own thread
            failures.append(exc)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in (7, 11)]
    for writer in writers:
        writer.start()
    replay(site, "--rows", "20")
    stop.set()
    for writer in writers:
        writer.join()
    assert failures == []
    site.until_empty()
    last = {event["row"]["id"]: event["row"]["name"] for event in site.events()}
    assert last == dict(db.sql("SELECT id, name FROM users"))


def test_a_row_that_is_being_changed_is_awaited_without_holding_others(
    site: Site, db: CapturedDatabase
) -> None:
    with session(site.url) as writer, writer.cursor() as cursor:
        cursor.execute("BEGIN; UPDATE users SET name = 'changed' WHERE id = 2")
        with running("replay", "--table", "users", variables=site.variables()) as process:
            eventually(lambda: "waiting for 1 rows that are being" in said(process), "it waits")
            cursor.execute("SET lock_timeout = '1ms'; UPDATE users SET name = 'y' WHERE id = 3")
            cursor.execute("COMMIT")
            assert process.wait() == 0
    names = {row["id"]: row["name"] for _, _, row in db.take()}
    assert (len(names), names[2], names[3]) == (10, "changed", "y")


def said(process: ConnectorProcess) -> str:
    return "\n".join(process.output)


def test_it_holds_back_while_much_waits_to_be_published_and_can_be_interrupted(
    site: Site, db: CapturedDatabase
) -> None:
    arguments = ("replay", "--table", "users", "--rows", "4", "--max-backlog", "3")
    with running(*arguments, variables=site.variables()) as process:
        eventually(lambda: "waiting for 4 messages to be published" in said(process), "it waits")
        process.send(signal.SIGINT)
        assert process.wait() == 1
        assert said(process).endswith(
            "interrupted after 4 rows; go on with --after '{\"id\":4}' [replay-interrupted]"
        )
    assert ids(db) == [1, 2, 3, 4]
    replay(site, "--after", '{"id":4}')
    assert ids(db) == [5, 6, 7, 8, 9, 10]


def test_what_cannot_be_replayed_is_told(site: Site, db: CapturedDatabase) -> None:
    db.sql("CREATE TABLE keyless (x int)")
    db.sql("CREATE TABLE other (id int PRIMARY KEY)")
    assert refused(site, "--table", "ghosts") == "table ghosts does not exist [table-missing]\n"
    assert "keyless has no primary key" in refused(site, "--table", "keyless")
    assert "no mapping publishes an INSERT of other" in refused(site, "--table", "other")
    assert refused(site, "--table", "users", "--where", "nme = 'x'") == (
        'the condition cannot be used; column "nme" does not exist [replay-unsuitable]\n'
    )
