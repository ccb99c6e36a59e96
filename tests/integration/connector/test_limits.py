"""With Ably's limits in force, as the local Ably has them, a busy channel loses nothing."""

import pytest

from tests.fixtures.connector import command, mappings, session
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


@pytest.mark.parametrize("options", [{}, {"where": "id > 0"}], ids=["plain", "selective"])
def test_arrays_and_markers_keep_to_the_size_that_is_set(
    site: Site, start: Start, options: dict[str, str]
) -> None:
    site.connector = [{**one, **options} for one in mappings("users", "people")]
    settings = {"ABLY_MESSAGE_BYTES": "2000", "CONNECTOR_INSTALL": "true"}
    connector = start(**settings)
    connector.until("leading")
    site.sql("INSERT INTO users SELECT n, repeat('x', 200) FROM generate_series(1, 30) AS n")
    site.sql("INSERT INTO users VALUES (31, repeat('x', 2000))")
    site.until_published(31)
    assert site.ids() == list(range(1, 32))
    truncated = [event.get("truncated", False) for event in site.events()]
    assert truncated == [False] * 30 + [True]
    connector.stop()
    batches = [line for line in connector.lines if line.get("message") == "batch published"]
    assert 1000 < max(line["batch_bytes"] for line in batches) <= 2000
    variables = {**site.variables(), **settings}
    assert command("replay", "--table", "users", "--where", "id > 30",
                   variables=variables).returncode == 0  # fmt: skip
    assert site.sql("SELECT truncated FROM ably.outbox") == [(True,)]
