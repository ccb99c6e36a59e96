"""Several connectors share the channels out, take over from one another, and keep every order."""

import json
from collections.abc import Callable
from itertools import pairwise

from tests.fixtures.connector import ConnectorProcess, session
from tests.fixtures.waiting import eventually
from tests.integration.connector.conftest import Site, Start

SHARDS = {"CONNECTOR_SHARDS": "4", "ABLY_PLAN": "unlimited", "CONNECTOR_POLL_SECONDS": "0.5"}
CHANNELS = [f"room-{number}" for number in range(16)]


def leaders(site: Site) -> list[int]:
    """The sessions that lead a shard, one for each that is led."""
    rows = site.sql(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid >= 100 "
        "AND objid < 132 AND classid = 1094863961 AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return [pid for (pid,) in rows]


def led_by(connector: ConnectorProcess) -> int:
    """How many shards it leads: those taken and not handed over since."""
    state: dict[int, bool] = {}
    for line in connector.lines:
        if line.get("message") in ("leading", "standing by"):
            state[line["shard"]] = line["message"] == "leading"
    return sum(state.values())


def until_shared(*wanted: tuple[ConnectorProcess, int]) -> None:
    def is_shared() -> bool:
        return all(led_by(connector) == count for connector, count in wanted)

    eventually(is_shared, f"shared out {[count for _, count in wanted]}")


def publish_rounds(site: Site, numbers: range, between: Callable[[int], None]) -> None:
    with session(site.url) as connection, connection.cursor() as cursor:
        for number in numbers:
            for channel in CHANNELS:
                cursor.execute("SELECT ably.publish(%s, 'n', %s)", (channel, str(number)))
            between(number)


def test_shards_are_shared_out_and_move_without_loss_or_disorder(site: Site, start: Start) -> None:
    first = start(**SHARDS)
    until_shared((first, 4))
    processes: list[ConnectorProcess] = []

    def interfere(number: int) -> None:
        if number == 20:
            processes.append(start(**SHARDS))
        if number == 40:
            until_shared((first, 2), (processes[0], 2))
        if number == 60:
            first.kill()
            eventually(lambda: led_by(processes[0]) == 4, "a takeover of all", seconds=2)

    publish_rounds(site, range(100), interfere)
    site.until_empty()
    for channel in CHANNELS:
        data = [json.loads(message["data"]) for message in site.ably.published(channel)]
        assert data == list(range(100)), channel


def test_two_divisions_never_lead_side_by_side(site: Site, start: Start) -> None:
    four = start(**SHARDS)
    until_shared((four, 4))
    one = start()
    one.until("standing by")
    site.sql("SELECT ably.publish('people', 'n', '1')")
    site.until_empty()
    assert led_by(one) == 0
    assert four.stop() == 0
    one.until("leading")
    assert len(leaders(site)) == 1


def test_uneven_parts_differ_by_one(site: Site, start: Start) -> None:
    processes = [start(**SHARDS) for _ in range(3)]
    eventually(
        lambda: sorted(led_by(process) for process in processes) == [1, 1, 2], "shared out evenly"
    )
    assert all(a != b for a, b in pairwise(sorted(leaders(site))))
