"""Connectors that are killed, stopped and frozen, alone and with a standby."""

import signal
import time

import pytest

from tests.fixtures.connector import ConnectorProcess
from tests.fixtures.rig import Rig
from tests.fixtures.waiting import eventually

TAKEOVER_SECONDS = 2.0
STOP_SECONDS = 3 + 5.0  # the rig's deadline, and a busy machine's allowance


def leads(connector: ConnectorProcess) -> bool:
    return any(line.get("message") == "leading" for line in connector.lines)


def pair(rig: Rig) -> tuple[ConnectorProcess, ConnectorProcess]:
    """A leader and a standby."""
    leader = rig.start()
    leader.until("leading")
    standby = rig.start()
    standby.until("standing by")
    return leader, standby


def assert_exactly_once(rig: Rig) -> None:
    audit = rig.settle()
    assert audit.is_clean, audit
    assert audit.duplicates == 0, audit


def test_killed_again_and_again_it_goes_on_where_it_was(rig: Rig) -> None:
    rig.start().until("leading")
    with rig.load:
        for _ in range(3):
            rig.arrivals_go_on()
            rig.replace()
        rig.arrivals_go_on()
    assert_exactly_once(rig)


def test_a_standby_takes_over_within_two_seconds_of_a_kill_under_load(rig: Rig) -> None:
    leader, standby = pair(rig)
    with rig.load:
        rig.arrivals_go_on()
        leader.kill()
        eventually(lambda: leads(standby), "a new leader", seconds=TAKEOVER_SECONDS)
        rig.arrivals_go_on()
    assert_exactly_once(rig)


def test_a_leader_that_is_stopped_hands_over_in_the_middle_of_the_load(rig: Rig) -> None:
    leader, standby = pair(rig)
    with rig.load:
        rig.arrivals_go_on()
        assert leader.stop() == 0
        eventually(lambda: leads(standby), "a new leader", seconds=TAKEOVER_SECONDS)
        rig.arrivals_go_on()
    assert_exactly_once(rig)


def test_a_frozen_connector_goes_on_when_it_is_thawed(rig: Rig) -> None:
    connector = rig.start()
    connector.until("leading")
    with rig.load:
        for _ in range(3):
            rig.arrivals_go_on()
            connector.send(signal.SIGSTOP)
            rig.commits_go_on()
            connector.send(signal.SIGCONT)
        rig.arrivals_go_on()
    assert_exactly_once(rig)


def test_a_frozen_leader_whose_session_was_ended_publishes_nothing_more(rig: Rig) -> None:
    leader, standby = pair(rig)
    with rig.load:
        rig.arrivals_go_on()
        leader.send(signal.SIGSTOP)
        rig.end_sessions()  # as keepalive does when a host has vanished
        eventually(lambda: leads(standby), "a new leader", seconds=TAKEOVER_SECONDS)
        rig.arrivals_go_on()
        leader.send(signal.SIGCONT)
        leader.until("standing by")
        rig.arrivals_go_on()
    assert_exactly_once(rig)


def test_leaders_may_change_many_times_under_load(rig: Rig) -> None:
    leader, standby = pair(rig)
    with rig.load:
        for _ in range(3):
            rig.arrivals_go_on()
            leader.kill()
            standby.until("leading")
            leader, standby = standby, rig.start()
            standby.until("standing by")
    assert_exactly_once(rig)


@pytest.mark.parametrize("side", ["database", "ably"])
def test_it_stops_in_time_though_the_other_side_is_silent(rig: Rig, side: str) -> None:
    connector = rig.start()
    connector.until("leading")
    with rig.load:
        rig.arrivals_go_on()
        getattr(rig, side).go_deaf()
        rig.commits_go_on()
        begun = time.monotonic()
        connector.stop()
        assert time.monotonic() - begun < STOP_SECONDS
        rig.heal()
        rig.start().until("leading")
        rig.arrivals_go_on()
    assert_exactly_once(rig)


def test_shards_that_move_between_processes_lose_double_and_reorder_nothing(rig: Rig) -> None:
    two = {"CONNECTOR_SHARDS": "2"}
    rig.start(**two).until("leading", count=2)
    rig.start(**two)
    with rig.load:
        for _ in range(3):
            rig.arrivals_go_on()
            rig.connectors.pop(0).kill()
            rig.start(**two)
        rig.connectors[-1].until("leading")
        rig.arrivals_go_on()
    assert_exactly_once(rig)
