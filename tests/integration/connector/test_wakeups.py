"""Writers notify only a relay that sleeps, and none of them is overlooked."""

import threading

import psycopg2

from tests.fixtures.connector import session
from tests.fixtures.waiting import eventually
from tests.integration.connector.conftest import Site, Start

LONG_POLL = "60"


def is_polling(site: Site) -> bool:
    """What writers are told."""
    ((state,),) = site.sql("SELECT last_value FROM ably.awake")
    return bool(state & 1)


class Load:
    """Two writers that commit single rows flat out, until told to stop."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._over = threading.Event()
        self.committed = 0
        self._counting = threading.Lock()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(2)]

    def _write(self, writer: int) -> None:
        number = writer
        with session(self._site.url) as connection, connection.cursor() as cursor:
            while not self._over.is_set():
                cursor.execute(
                    "INSERT INTO users SELECT %s + n * 2, 'x' FROM generate_series(0, 4) AS n",
                    [number],
                )
                number += 10
                with self._counting:
                    self.committed += 5

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


FAST = {"ABLY_PLAN": "unlimited", "ABLY_CHANNEL_PUBLISHES_PER_SECOND": "40"}


def test_under_load_writers_send_no_notifications_and_all_arrives(site: Site, start: Start) -> None:
    start(CONNECTOR_POLL_SECONDS=LONG_POLL, **FAST).until("leading")
    with session(site.url) as listener, listener.cursor() as cursor:
        cursor.execute("LISTEN table_update")
        with Load(site) as load:
            eventually(lambda: is_polling(site), "the relay is awake")
            site.until_published(load.committed + 1)
            cursor.execute("SELECT 1")
            listener.notifies.clear()
            before = load.committed
            eventually(lambda: load.committed > before + 500, "more load")
            cursor.execute("SELECT 1")
            notified = len(listener.notifies)
        assert notified < (load.committed - before) / 5 / 4
    eventually(lambda: not is_polling(site), "the relay is asleep")
    site.until_published(load.committed)
    site.until_empty()
    assert len(site.ids()) == load.committed


def test_who_took_the_relay_for_awake_and_commits_when_it_sleeps_is_not_overlooked(
    site: Site, start: Start
) -> None:
    start(CONNECTOR_POLL_SECONDS=LONG_POLL, **FAST).until("leading")
    late = psycopg2.connect(site.url)
    with late.cursor() as cursor, session(site.url) as listener, listener.cursor() as heard:
        with Load(site):
            eventually(lambda: is_polling(site), "the relay is awake")
            cursor.execute("INSERT INTO users VALUES (-1, 'late')")
            assert is_polling(site)
        eventually(lambda: not is_polling(site), "the relay is asleep")
        heard.execute("LISTEN table_update")
        late.commit()
        heard.execute("SELECT 1")
        assert listener.notifies == []
    late.close()
    eventually(lambda: -1 in site.ids(), "the late one", seconds=5)


def test_a_sleeping_relay_is_woken_by_an_applications_own_message(site: Site, start: Start) -> None:
    start(CONNECTOR_POLL_SECONDS=LONG_POLL).until("leading")
    for number in range(1, 4):
        site.sql("SELECT ably.publish('people', 'greeting', %s)", f'{{"row": {{"id": {number}}}}}')
        site.until_published(number)
