"""A committed change arrives as the contract says, from every form of the configuration."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import psycopg2
from ably import AblyRest

from tests.fixtures.connector import (
    database_settings,
    environment,
    mappings,
    query,
    running,
    session,
)
from tests.fixtures.waiting import eventually
from tests.integration.connector.conftest import Site, Start


def history(site: Site) -> list[Any]:
    """The channel's messages as a client with Ably's SDK gets them, oldest first."""

    async def read() -> list[Any]:
        rest = AblyRest(
            site.ably.api_key,
            endpoint="localhost",
            port=site.ably.port,
            tls=False,
            use_token_auth=True,
        )
        async with rest:
            page = await rest.channels.get(site.channel).history(direction="forwards")
            return list(page.items)

    return asyncio.run(read())


def write_changes(site: Site) -> None:
    site.sql("INSERT INTO users VALUES (1, 'Zoë')")
    site.sql("UPDATE users SET name = 'Zora'")
    site.sql("DELETE FROM users")
    site.until_published(3)


EXPECTED = [
    ("INSERT", {"table": "users", "type": "INSERT", "row": {"id": 1, "name": "Zoë"}}),
    ("UPDATE", {"table": "users", "type": "UPDATE", "row": {"id": 1, "name": "Zora"}}),
    ("DELETE", {"table": "users", "type": "DELETE", "row": {"id": 1, "name": "Zora"}}),
]


def test_the_originals_json_file_starts_it_and_a_client_reads_its_messages(
    site: Site, tmp_path: Path
) -> None:
    database = database_settings(site.url)
    document = {
        "dbConfig": {
            "host": database.host,
            "port": database.port,
            "user": database.user,
            "password": database.password,
            "database": database.database,
        },
        "connector": site.connector,
        "ably": {
            "apiKey": site.ably.api_key,
            # Only these three point it to the local Ably instead of the real one.
            "endpoint": "localhost",
            "port": site.ably.port,
            "tls": False,
        },
    }
    path = tmp_path / "config.json"
    path.write_text(json.dumps(document))
    with running(str(path)) as connector:
        connector.until("leading")
        write_changes(site)
    received = [(message.name, json.loads(message.data)) for message in history(site)]
    assert received == EXPECTED
    assert list(received[0][1]) == ["table", "type", "row"]
    assert list(received[0][1]["row"]) == ["id", "name"]


def test_the_originals_env_file_starts_it_and_a_client_reads_its_messages(
    site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "settings.env"
    path.write_text("\n".join(f"{name}={value}" for name, value in site.variables().items()) + "\n")
    with running("run", str(path)) as connector:
        connector.until("leading")
        write_changes(site)
    assert [(message.name, json.loads(message.data)) for message in history(site)] == EXPECTED


def test_a_commit_is_published_at_once_and_not_at_the_next_poll(site: Site, start: Start) -> None:
    start(CONNECTOR_POLL_SECONDS="60").until("leading")
    for number in range(1, 6):
        site.sql("INSERT INTO users VALUES (%s, 'x')", number)
        site.until_published(number)


def test_the_poll_finds_what_nobody_was_notified_of(site: Site, start: Start) -> None:
    start(CONNECTOR_POLL_SECONDS="0.1").until("leading")
    site.sql("INSERT INTO ably.outbox (channel, data) VALUES ('people', '{}')")
    site.until_published(1)


def test_listening_is_taken_up_again_when_its_session_is_ended(site: Site, start: Start) -> None:
    connector = start(CONNECTOR_POLL_SECONDS="60")
    connector.until("leading")
    site.sql("INSERT INTO users VALUES (1, 'x')")
    site.until_published(1)
    listening = "FROM pg_stat_activity WHERE query ~ '^LISTEN' AND datname = current_database()"
    eventually(lambda: site.sql(f"SELECT count(*) {listening}") == [(1,)], "a listener")
    site.sql(f"SELECT pg_terminate_backend(pid) {listening}")
    connector.until("not listening, relying on the poll")
    site.sql("INSERT INTO users VALUES (2, 'x')")
    site.until_published(2)


def test_a_rolled_back_change_is_never_published(site: Site, start: Start) -> None:
    start().until("leading")
    connection = psycopg2.connect(site.url)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO users VALUES (1, 'never')")
        cursor.execute("SAVEPOINT here")
        cursor.execute("INSERT INTO users VALUES (2, 'never')")
        cursor.execute("ROLLBACK TO here")
    connection.rollback()
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO users VALUES (3, 'kept')")
        cursor.execute("SAVEPOINT here")
        cursor.execute("INSERT INTO users VALUES (4, 'never')")
        cursor.execute("ROLLBACK TO here")
    connection.close()
    site.until_published(1)
    site.until_empty()
    assert site.ids() == [3]


def test_a_bulk_statement_arrives_row_by_row_in_its_order(site: Site, start: Start) -> None:
    start().until("leading")
    site.sql("INSERT INTO users SELECT n, 'n' FROM generate_series(5000, 1, -1) AS n")
    site.until_published(5000)
    assert site.ids() == list(range(5000, 0, -1))


def test_a_statement_that_changes_nothing_is_silent(site: Site, start: Start) -> None:
    start().until("leading")
    with session(site.url) as listener, listener.cursor() as cursor:
        cursor.execute("LISTEN table_update")
        site.sql("UPDATE users SET name = 'x'")
        site.sql("INSERT INTO users VALUES (1, 'x')")
        cursor.execute("SELECT 1")
        assert len(listener.notifies) == 1
    site.until_published(1)
    assert site.ids() == [1]


def test_a_row_too_large_for_ably_arrives_as_a_marker_and_the_writer_does_not_notice(
    site: Site, start: Start
) -> None:
    connector = start(CONNECTOR_METRICS_SECONDS="3600")
    connector.until("leading")
    site.sql("INSERT INTO users VALUES (1, repeat('x', 70000)), (2, 'small')")
    site.until_published(2)
    assert site.events() == [
        {"table": "users", "type": "INSERT", "row": {"id": 1}, "truncated": True},
        {"table": "users", "type": "INSERT", "row": {"id": 2, "name": "small"}},
    ]
    connector.stop()
    (metrics,) = [line for line in connector.lines if "_aws" in line]
    assert metrics["MessagesTruncated"] == 1
    assert metrics["MessagesPublished"] == 2


def test_many_writers_of_the_same_rows_leave_every_client_with_the_last_state(
    site: Site, start: Start
) -> None:
    site.sql("INSERT INTO users SELECT n, '0' FROM generate_series(1, 10) AS n")
    start().until("leading")

    def write(writer: int) -> None:
        with session(site.url) as connection, connection.cursor() as cursor:
            for turn in range(100):
                cursor.execute(
                    "UPDATE users SET name = %s WHERE id = %s",
                    (f"{writer}.{turn}", turn % 10 + 1),
                )

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    site.until_published(400)
    last = {event["row"]["id"]: event["row"]["name"] for event in site.events()}
    assert last == dict(site.sql("SELECT id, name FROM users"))
    assert len(site.events()) == 400


def test_an_applications_own_message_goes_out_with_its_headers(site: Site, start: Start) -> None:
    start().until("leading")
    site.sql("""SELECT ably.publish('news', 'greeting', 'hello', '{"lang": "en"}')""")
    site.sql("INSERT INTO users VALUES (1, 'x')")
    site.until_published(1)
    (message,) = site.ably.published("news")
    assert (message["name"], message["data"]) == ("greeting", "hello")
    assert message["extras"] == {"headers": {"lang": "en"}}


def test_two_channels_of_one_table_both_get_every_change(site: Site, start: Start) -> None:
    site.connector += mappings("users", "audit", "INSERT")
    start().until("leading")
    site.sql("INSERT INTO users VALUES (1, 'x'), (2, 'y')")
    site.until_published(2)
    site.until_empty()
    assert [event["row"]["id"] for event in site.events("audit")] == [1, 2]
    assert site.ids() == [1, 2]


def test_tables_whose_names_need_quotes_or_a_schema_are_captured(site: Site) -> None:
    site.sql("CREATE SCHEMA app")
    site.sql('CREATE TABLE app."Odd ""Name""" (id int PRIMARY KEY, "Käse" text)')
    site.sql('CREATE TABLE "o\'x" (id int)')
    connector = [
        *mappings('app."Odd ""Name"""', "people", "INSERT"),
        *mappings("o'x", "it's $$ {{0}} %s", "INSERT"),
    ]
    with running(variables=environment(site.url, site.ably, connector)) as process:
        process.until("leading")
        site.sql('INSERT INTO app."Odd ""Name""" VALUES (1, %s)', "Brie")
        site.sql('INSERT INTO "o\'x" VALUES (2)')
        site.until_published(1)
        site.until_empty()
    assert site.events() == [
        {"table": 'Odd "Name"', "type": "INSERT", "row": {"id": 1, "Käse": "Brie"}}
    ]
    assert site.events("it's $$ {0} %s") == [{"table": "o'x", "type": "INSERT", "row": {"id": 2}}]


def test_columns_may_have_the_names_that_the_capture_itself_uses(site: Site) -> None:
    names = ("changed", "tg_op", "tg_table_name", "event", "target", "channel", "data", "found")
    columns = ", ".join(f"{name} text" for name in names)
    site.sql(f"CREATE TABLE awkward ({columns}, PRIMARY KEY (changed, tg_op))")
    connector = mappings("awkward", "people")
    with running(variables=environment(site.url, site.ably, connector)) as process:
        process.until("leading")
        site.sql(f"INSERT INTO awkward VALUES ({', '.join(['%s'] * len(names))})", *names)
        site.sql("UPDATE awkward SET data = repeat('x', 70000)")
        site.until_published(2)
    inserted, updated = site.events()
    assert inserted == {"table": "awkward", "type": "INSERT", "row": {name: name for name in names}}
    assert updated["row"] == {"changed": "changed", "tg_op": "tg_op"}


def test_a_table_that_is_altered_while_it_runs_is_captured_as_it_is_then(
    site: Site, start: Start
) -> None:
    start().until("leading")
    site.sql("INSERT INTO users VALUES (1, 'x')")
    site.sql("ALTER TABLE users ADD COLUMN age int DEFAULT 7, DROP COLUMN name")
    site.sql("INSERT INTO users VALUES (2)")
    site.until_published(2)
    assert [event["row"] for event in site.events()] == [
        {"id": 1, "name": "x"},
        {"id": 2, "age": 7},
    ]


def test_a_writer_needs_no_right_on_the_outbox(site: Site, start: Start) -> None:
    start().until("leading")
    query(site.superuser_url, "DROP ROLE IF EXISTS writer")
    query(site.superuser_url, "CREATE ROLE writer LOGIN PASSWORD 'pw'")
    site.sql("GRANT INSERT ON users TO writer")
    database = database_settings(site.url)
    writer = f"postgresql://writer:pw@{database.host}:{database.port}/{database.database}"
    with session(writer) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO users VALUES (1, 'x')")
    site.until_published(1)
    query(site.superuser_url, "DROP OWNED BY writer")
    query(site.superuser_url, "DROP ROLE writer")
