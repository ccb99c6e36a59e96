"""Refused messages are listed, put back and forgotten from the command line."""

import json
import subprocess

import pytest

from tests.fixtures.connector import command
from tests.integration.connector.captured import CapturedDatabase
from tests.integration.connector.conftest import Site, Start


@pytest.fixture
def db(site: Site) -> CapturedDatabase:
    """Dead letters 1 and 3 of channel a, 2 of channel b."""
    database = CapturedDatabase(site.url)
    database.install()
    for number, channel in enumerate(["a", "b", "a"], start=1):
        database.sql(
            "INSERT INTO ably.dead_letter (outbox_id, channel, name, data, encoding, headers, "
            "error_code, error, created_at) VALUES (%s, %s, 'n', 'private ' || %s, 'json', "
            "'{\"h\": 1}', '40009', 'too large', now())",
            number,
            channel,
            number,
        )
    return database


def run(site: Site, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return command("dead-letter", *arguments, variables=site.variables())


def left(db: CapturedDatabase) -> list[int]:
    return [number for (number,) in db.sql("SELECT outbox_id FROM ably.dead_letter ORDER BY 1")]


def test_they_are_listed_without_what_they_say(site: Site, db: CapturedDatabase) -> None:
    lines = run(site, "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert lines[0].endswith(" a n 9 bytes: 40009 too large")
    letters = json.loads(run(site, "list", "--channel", "a", "--limit", "1", "--json").stdout)
    assert [(letter["id"], letter["channel"], letter["error_code"]) for letter in letters] == [
        (1, "a", "40009")
    ]
    assert "private" not in "".join(lines) + str(letters)
    db.sql("DELETE FROM ably.dead_letter")
    assert run(site, "list").stdout == "there are no dead letters\n"
    assert json.loads(run(site, "list", "--json").stdout) == []


def test_those_of_a_channel_go_back_in_their_order_as_they_were(
    site: Site, db: CapturedDatabase
) -> None:
    db.sql("SELECT ably.publish('a', 'waits', '0')")
    result = run(site, "retry", "--channel", "a")
    assert result.stdout == "2 messages are in the outbox again, behind what waits there\n"
    assert db.sql("SELECT channel, name, data, encoding, headers FROM ably.outbox ORDER BY id") == [
        ("a", "waits", "0", None, None),
        *(("a", "n", f"private {number}", "json", {"h": 1}) for number in (1, 3)),
    ]
    assert left(db) == [2]


def test_one_that_is_retried_is_published_at_once(site: Site, start: Start) -> None:
    connector = start(CONNECTOR_POLL_SECONDS="60")
    connector.until("leading")
    site.sql("SELECT ably.publish('people', 'name', repeat('x', 70000))")
    connector.until("messages dead-lettered")
    site.sql("UPDATE ably.dead_letter SET data = 'short'")
    ((number,),) = site.sql("SELECT outbox_id FROM ably.dead_letter")
    assert run(site, "retry", "--id", str(number), "--json").stdout == '{"count": 1}\n'
    site.until_published(1)
    assert site.ably.published("people")[0]["data"] == "short"


def test_named_ones_or_all_are_forgotten(site: Site, db: CapturedDatabase) -> None:
    result = run(site, "discard", "--id", "1", "--id", "3")
    assert result.stdout == "2 dead letters are forgotten\n"
    assert left(db) == [2]
    assert json.loads(run(site, "discard", "--all", "--json").stdout) == {"count": 1}
    assert left(db) == []


@pytest.mark.parametrize("action", ["retry", "discard"])
def test_nothing_is_done_where_one_that_is_named_is_missing(
    site: Site, db: CapturedDatabase, action: str
) -> None:
    result = run(site, action, "--id", "1", "--id", "9")
    assert result.returncode == 1
    assert result.stderr == (
        "there is no dead letter 9; nothing was changed [dead-letter-missing]\n"
    )
    assert left(db) == [1, 2, 3]


def test_what_is_meant_must_be_said(site: Site, db: CapturedDatabase) -> None:
    result = run(site, "discard")
    assert result.returncode == 2
    assert "one of the arguments --id --channel --all is required" in result.stderr
    assert left(db) == [1, 2, 3]
