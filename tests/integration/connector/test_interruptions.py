"""Nothing is lost, doubled or out of order when something dies."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.services.embedded_postgres import EmbeddedPostgres
from local.system.ports import free_port
from tests.fixtures.ably import LocalAbly
from tests.fixtures.connector import query, running, session
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.integration.connector.conftest import Site, Start


@contextmanager
def inserting(site: Site, count: int) -> Iterator[threading.Event]:
    """Insert rows 1 to `count`, each in its own transaction, beside the block and to the end.

    Yields:
        what the block sets once it has interrupted something; until then a fifth is held back, so
        that the interruption is never late.
    """
    interrupted = threading.Event()

    def write() -> None:
        with session(site.url) as connection, connection.cursor() as cursor:
            for number in range(1, count + 1):
                if number == count * 4 // 5:
                    interrupted.wait(DEADLINE_SECONDS)
                cursor.execute("INSERT INTO users VALUES (%s, 'x')", [number])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield interrupted
    finally:
        interrupted.set()
        writer.join()


def test_killed_during_500_inserts_and_started_again_all_arrive_in_order_and_none_twice(
    site: Site, start: Start
) -> None:
    first = start()
    first.until("leading")
    with inserting(site, 500) as interrupted:
        site.until_published(100)
        first.kill()
        interrupted.set()
    assert len(site.ids()) < 500
    start().until("leading")
    site.until_published(500)
    site.until_empty()
    assert site.ids() == list(range(1, 501))


def test_ably_stopped_for_a_while_loses_and_doubles_nothing(site: Site, start: Start) -> None:
    connector = start()
    connector.until("leading")
    with inserting(site, 500) as interrupted:
        site.until_published(50)
        site.ably.stop()
        interrupted.set()
        failure = connector.until("publish failed, trying again", count=2)
        assert failure["error_code"] == "ably-unreachable"
        site.ably.start()
    site.until_published(500)
    site.until_empty()
    assert site.ids() == list(range(1, 501))


def test_another_connector_takes_over_within_two_seconds_of_the_leaders_death(
    site: Site, start: Start
) -> None:
    leader = start()
    leader.until("leading")
    standby = start()
    standby.until("standing by")
    with inserting(site, 300) as interrupted:
        site.until_published(50)
        leader.kill()
        interrupted.set()
        eventually(
            lambda: '"message":"leading"' in "\n".join(standby.output), "a new leader", seconds=2
        )
    site.until_published(300)
    site.until_empty()
    assert site.ids() == list(range(1, 301))


def test_sigterm_hands_over_without_loss_and_ends_with_success(site: Site, start: Start) -> None:
    leader = start()
    leader.until("leading")
    standby = start()
    standby.until("standing by")
    with inserting(site, 300) as interrupted:
        site.until_published(50)
        assert leader.stop() == 0
        interrupted.set()
    leader.until("stopped")
    site.until_published(300)
    site.until_empty()
    assert site.ids() == list(range(1, 301))


def test_ctrl_c_stops_it_as_well(start: Start) -> None:
    connector = start()
    connector.until("leading")
    connector.send(signal.SIGINT)
    assert connector.wait() == 0
    assert "Traceback" not in "\n".join(connector.output)


@contextmanager
def own_postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    """A server that a test may stop; its port is known before it is started."""
    server = EmbeddedPostgres(data_dir=folder / "data", port=free_port(), durable=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_a_crash_of_postgres_is_survived(tmp_path: Path, local_ably: LocalAbly) -> None:
    with own_postgres(tmp_path) as server:
        site = Site(server.url, local_ably)
        with running(variables=site.variables()) as connector:
            connector.until("leading")
            site.sql("INSERT INTO users SELECT n FROM generate_series(1, 2000) AS n")
            site.until_published(1)
            server.stop(signal.SIGQUIT)
            connector.until("the database is unavailable")
            server.start()
            connector.until("leading", count=2)
            site.sql("INSERT INTO users VALUES (2001)")
            site.until_published(2001)
            site.until_empty()
            assert site.ids() == list(range(1, 2002))


def test_it_waits_for_a_postgres_that_is_not_up_yet(tmp_path: Path, local_ably: LocalAbly) -> None:
    with own_postgres(tmp_path) as server:
        site = Site(server.url, local_ably)
        server.stop()
        with running(variables=site.variables()) as connector:
            waiting = connector.until("unable to install yet, trying again", count=2)
            assert waiting["error_code"] == "database-unavailable"
            server.start()
            connector.until("leading")
            site.sql("INSERT INTO users VALUES (1)")
            site.until_published(1)


def test_a_session_that_is_ended_from_outside_is_replaced(site: Site, start: Start) -> None:
    connector = start()
    connector.until("leading")
    with inserting(site, 200):
        site.until_published(50)
        query(
            site.url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'ably-connector' AND datname = current_database()",
        )
        connector.until("leading", count=2)
    site.until_published(200)
    site.until_empty()
    assert site.ids() == list(range(1, 201))
