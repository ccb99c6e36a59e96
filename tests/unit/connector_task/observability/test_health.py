"""Health turns bad when the loop is stuck, and for nothing else."""

from http import HTTPStatus

import pytest

from connector_task.observability.health import STUCK_SECONDS, report
from connector_task.relay.state import RelayState, Role


@pytest.mark.parametrize("role", [Role.STARTING, Role.STANDBY, Role.LEADER])
def test_a_loop_that_turns_is_healthy_in_every_role(role: Role) -> None:
    status, body = report([RelayState(ticked_at=100, role=role)], 100 + STUCK_SECONDS)
    assert (status, body["status"], body["role"]) == (HTTPStatus.OK, "ok", role)


def test_a_loop_that_has_not_turned_for_too_long_is_stuck() -> None:
    state = RelayState(ticked_at=100, role=Role.LEADER)
    status, body = report([state], 100 + STUCK_SECONDS + 0.001)
    assert (status, body["status"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "stuck")


def test_a_relay_that_has_ended_is_not_healthy() -> None:
    status, _ = report([RelayState(ticked_at=100, role=Role.STOPPED)], 100)
    assert status == HTTPStatus.SERVICE_UNAVAILABLE


def test_what_is_down_elsewhere_is_told_and_is_not_this_processs_fault() -> None:
    state = RelayState(ticked_at=100, database_error="database-unavailable", ably_error="42910")
    status, body = report([state], 100)
    assert status == HTTPStatus.OK
    assert body["components"] == {
        "postgres": {"status": "down", "error_code": "database-unavailable"},
        "ably": {"status": "down", "error_code": "42910"},
    }
