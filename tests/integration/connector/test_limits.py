"""With Ably's limits in force, as the local Ably has them, a busy channel loses nothing."""

from tests.fixtures.connector import session
from tests.integration.connector.conftest import Site, Start

CHANGES = 600


def test_a_channel_far_above_its_rate_is_never_refused(site: Site, start: Start) -> None:
    connector = start(CONNECTOR_METRICS_SECONDS="3600")
    connector.until("leading")
    with session(site.url) as connection, connection.cursor() as cursor:
        for number in range(CHANGES):
            cursor.execute("INSERT INTO users VALUES (%s, 'x')", [number])
    site.until_published(CHANGES)
    site.until_empty()
    assert site.ids() == list(range(CHANGES))
    assert connector.stop() == 0
    (metrics,) = [line for line in connector.lines if "_aws" in line]
    assert (metrics["MessagesPublished"], metrics["PublishFailures"]) == (CHANGES, 0)
