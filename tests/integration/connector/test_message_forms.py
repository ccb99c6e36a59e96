"""Encodings, headers, channels and problems on their whole way to a client with Ably's SDK."""

from typing import Any

import pytest
from psycopg2 import errors

from tests.fixtures.connector import mappings, query
from tests.integration.connector.conftest import Site, Start
from tests.integration.connector.test_round_trip import history


def test_a_json_payload_arrives_as_an_object_with_its_headers(site: Site, start: Start) -> None:
    form: dict[str, Any] = {
        "payload": "json",
        "headers": {"kind": "user", "v": 2, "ok": True, "who": "{name}"},
    }
    site.connector = [{**one, **form} for one in mappings("users", "people", "INSERT", "DELETE")]
    start().until("leading")
    site.sql("INSERT INTO users VALUES (9007199254740993, 'Zoë')")
    site.sql("DELETE FROM users")
    site.until_published(2)
    received = history(site)
    row = {"id": 9007199254740993, "name": "Zoë"}
    assert [message.data for message in received] == [
        {"table": "users", "type": kind, "row": row} for kind in ("INSERT", "DELETE")
    ]
    headers = {"kind": "user", "v": 2, "ok": True, "who": "Zoë"}
    assert [message.extras for message in received] == [{"headers": headers}] * 2


def test_an_applications_json_message_arrives_as_an_object(site: Site, start: Start) -> None:
    start(CONNECTOR_POLL_SECONDS="60").until("leading")
    site.sql("""SELECT ably.publish_json('people', 'n', '{"a": [1, null]}', '{"h": "x"}')""")
    site.until_published(1)
    (message,) = history(site)
    assert (message.name, message.data) == ("n", {"a": [1, None]})
    assert message.extras == {"headers": {"h": "x"}}


@pytest.mark.parametrize("form", ["publish", "publish_json"])
def test_a_role_publishes_once_it_is_granted_the_function(
    site: Site, form: str, start: Start
) -> None:
    start().until("leading")
    role = f"author_{form}"
    query(site.superuser_url, f"CREATE ROLE {role}")
    attempt = f"SET ROLE {role}; SELECT ably.{form}('people', 'n', '\"x\"')"
    with pytest.raises(errors.InsufficientPrivilege, match="for schema ably"):
        query(site.superuser_url, attempt)
    site.sql(f"GRANT USAGE ON SCHEMA ably TO {role}")
    with pytest.raises(errors.InsufficientPrivilege, match=f"for function {form}"):
        query(site.superuser_url, attempt)
    site.sql(f"GRANT EXECUTE ON FUNCTION ably.{form} TO {role}")
    query(site.superuser_url, attempt)
    site.until_published(1)
    query(site.superuser_url, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_rows_travel_by_room_and_what_cannot_be_decided_is_counted_and_told(
    site: Site, start: Start
) -> None:
    site.sql("ALTER TABLE users ADD COLUMN room text, ADD COLUMN age int")
    where = {"where": "100 / age > 1"}
    site.connector = [{**one, **where} for one in mappings("users", "chat:{room}")]
    connector = start(CONNECTOR_METRICS_SECONDS="3600")
    connector.until("leading")
    site.sql("INSERT INTO users VALUES (1, 'a', 'x/y', 7), (2, 'b', 'z', 99)")
    site.sql("UPDATE users SET room = 'z', name = 'c' WHERE id = 1")
    site.sql("UPDATE users SET age = 0 WHERE id = 1")
    site.until_empty()
    assert [(event["type"], event["row"]["name"]) for event in site.events("chat:x%2Fy")] == [
        ("INSERT", "a"), ("DELETE", "a"),
    ]  # fmt: skip
    assert [(event["type"], event["row"]["age"]) for event in site.events("chat:z")] == [
        ("INSERT", 7), ("UPDATE", 0),
    ]  # fmt: skip
    line = connector.until("changes captured with a fallback")
    assert (line["channel"], line["count"]) == ("chat:z", 1)
    assert line["error"] == "error 22012 in the condition"
    connector.stop()
    (metrics,) = [line for line in connector.lines if "_aws" in line]
    assert metrics["MessagesDegraded"] == 1
