"""A connector's life on every version of Postgres that it promises."""

import json
import signal
from pathlib import Path

import pytest

from local.services.embedded_postgres import EmbeddedPostgres
from local.system.ports import free_port
from tests.fixtures.ably import LocalAbly
from tests.fixtures.connector import command, running
from tests.fixtures.postgres import create_database, programs
from tests.integration.connector.conftest import Site, Start
from tests.integration.connector.test_installation import ORIGINAL

ROWS = 1500  # more than one batch holds


@pytest.fixture
def database_url(any_postgres: EmbeddedPostgres) -> str:
    return any_postgres.database_url(create_database(any_postgres))


def run(site: Site, *arguments: str) -> str:
    """Run a command as the owner; returns what it says."""
    result = command(*arguments, variables=site.variables())
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_it_takes_the_original_over_publishes_replays_and_leaves_nothing_behind(
    site: Site, start: Start, postgres_version: int
) -> None:
    assert site.sql("SHOW server_version_num")[0][0].startswith(str(postgres_version))
    site.sql(ORIGINAL)
    assert run(site, "install") == "installed: 3 triggers created, 2 dropped\n"
    assert run(site, "check").endswith("everything is installed\n")
    connector = start()
    connector.until("leading")
    site.sql("INSERT INTO users SELECT n, 'x' FROM generate_series(1, %s) AS n", ROWS)
    site.sql("UPDATE users SET name = 'y' WHERE id = 1")
    site.sql("DELETE FROM users WHERE id > 3")
    site.until_published(ROWS + 1 + ROWS - 3)
    kinds = [event["type"] for event in site.events()]
    assert kinds == ["INSERT"] * ROWS + ["UPDATE"] + ["DELETE"] * (ROWS - 3)
    assert run(site, "replay", "--table", "users") == "3 rows replayed as 3 messages\n"
    site.until_empty()
    assert site.ids()[-3:] == [1, 2, 3]
    state = json.loads(run(site, "status", "--json"))
    assert [leader["shard"] for leader in state["leaders"]] == [0]
    assert (state["backlog"]["messages"], state["dead_letter_count"]) == (0, 0)
    assert connector.stop() == 0
    run(site, "uninstall")
    left = site.sql(
        "SELECT to_regnamespace('ably'), to_regclass('ablycontroltable'),"
        " (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM users)"
    )
    assert left == [(None, None, 0, 3)]


def test_a_crash_of_postgres_and_one_of_the_connector_cost_nothing(
    postgres_version: int, tmp_path: Path, local_ably: LocalAbly
) -> None:
    server = EmbeddedPostgres(
        data_dir=tmp_path / "data",
        version=postgres_version,
        programs=programs(postgres_version),
        port=free_port(),
        durable=False,
    )
    server.start()
    try:
        site = Site(server.url, local_ably)
        with running(variables=site.variables()) as connector:
            connector.until("leading")
            site.sql("INSERT INTO users SELECT n FROM generate_series(1, %s) AS n", ROWS)
            site.until_published(1)
            server.stop(signal.SIGQUIT)
            connector.until("the database is unavailable")
            server.start()
            connector.until("leading", count=2)
            site.sql("INSERT INTO users VALUES (%s)", ROWS + 1)
            connector.kill()
        with running(variables=site.variables()) as connector:
            connector.until("leading")
            site.until_published(ROWS + 1)
            site.until_empty()
        assert site.ids() == list(range(1, ROWS + 2))
    finally:
        server.stop()
