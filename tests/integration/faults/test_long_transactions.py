"""Transactions that stay open for long, on rows that others wait for."""

from contextlib import closing

import psycopg2

from connector_task.relay.backlog_index import LOOK_IDS
from local.services.embedded_postgres import EmbeddedPostgres
from tests.fixtures.ably import LocalAbly
from tests.fixtures.rig import rigged
from tests.fixtures.stock import LoadRate

# A third of the holds is longer than a second. Whoever waits for the row changes it at the very
# moment at which the one before is committed.
SLOW = LoadRate(hold_share=0.3, hold_seconds=0.75)
COMMITS = 50
# Rows of no writer's, taken back: their ids alone remain.
DRAW_IDS = "INSERT INTO stock_a SELECT -n, 0 FROM generate_series(1, %s) AS n"


def leave_behind(url: str) -> None:
    """Draw so many ids that the relay looks past those drawn before."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(DRAW_IDS, [LOOK_IDS])


def test_rows_keep_their_order_though_many_changes_are_committed_late(
    postgres: EmbeddedPostgres, database_url: str, local_ably: LocalAbly
) -> None:
    with rigged(postgres, database_url, local_ably, writers=6, rate=SLOW) as rig:
        rig.start().until("leading")
        with rig.load:
            for _ in range(COMMITS):
                leave_behind(database_url)
                rig.commits_go_on(1)
        audit = rig.settle()
        assert rig.load.longest_hold > 1
        assert audit.is_clean, audit
        assert audit.duplicates == 0, audit
