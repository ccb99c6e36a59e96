from typing import Any

import pytest

from ably_local.faults.admin import FaultAdmin
from ably_local.faults.faults import Fault, Faults
from ably_local.rest.router import Rest
from tests.unit.ably_local.control.test_control import control
from tests.unit.ably_local.world import World, error_of


def world_with_admin() -> tuple[World, Faults, list[str]]:
    world, faults, cuts = World(), Faults(), []
    admin = FaultAdmin(faults, lambda: cuts.append("cut"))
    world.rest = Rest(world.service, fault_admin=admin)
    return world, faults, cuts


def hits(faults: Faults, count: int, path: str = "/messages", method: str = "POST") -> list[int]:
    """The indexes of the requests that were hit, out of many equal ones."""
    return [place for place in range(count) if faults.choose(method, path)]


def test_the_next_requests_are_hit_up_to_the_limit() -> None:
    faults = Faults()
    fault = faults.add(Fault(kind="fail", times=2))
    assert hits(faults, 5) == [0, 1]
    assert fault.hits == 2


def test_a_share_is_spread_evenly() -> None:
    faults = Faults()
    faults.add(Fault(kind="fail", share=0.1))
    assert hits(faults, 40) == [9, 19, 29, 39]


def test_only_matching_requests_are_hit_or_counted() -> None:
    faults = Faults()
    faults.add(Fault(kind="fail", path="^/channels/.*/messages$", method="POST", times=1))
    assert hits(faults, 3, path="/messages") == []
    assert hits(faults, 3, path="/channels/a/messages", method="GET") == []
    assert hits(faults, 3, path="/channels/a/messages") == [0]


def test_the_first_matching_fault_applies() -> None:
    faults = Faults()
    first = faults.add(Fault(kind="fail", times=1))
    second = faults.add(Fault(kind="hang"))
    assert [faults.choose("GET", "/time") for _ in range(2)] == [first, second]


def test_a_fault_can_be_created_listed_and_removed_over_http() -> None:
    world, faults, _ = world_with_admin()
    body = {"kind": "fail", "path": "^/messages", "times": 3, "status": 503, "code": 50003}
    made = control(world, "POST", "/faults", body)
    assert made.status == 201
    assert made.value["hits"] == 0
    assert hits(faults, 1) == [0]
    (shown,) = control(world, "GET", "/faults").value
    assert shown == {**made.value, "hits": 1}
    (fault,) = faults
    assert (fault.error.status, fault.error.code) == (503, 50003)
    assert control(world, "DELETE", f"/faults/{shown['id']}").status == 204
    assert hits(faults, 1) == []
    assert control(world, "DELETE", f"/faults/{shown['id']}").status == 404


def test_all_faults_are_removed_with_one_request() -> None:
    world, faults, _ = world_with_admin()
    removed: list[Fault] = []
    faults.on_removed = removed.append
    for kind in ("hang", "drop"):
        control(world, "POST", "/faults", {"kind": kind})
    assert control(world, "DELETE", "/faults").status == 204
    assert [fault.kind for fault in removed] == ["hang", "drop"]
    assert list(faults) == []


def test_connections_are_broken_over_http() -> None:
    world, _, cuts = world_with_admin()
    assert control(world, "POST", "/faults/cut-connections").status == 204
    assert cuts == ["cut"]


def test_the_code_follows_from_the_status() -> None:
    world, *_ = world_with_admin()
    made = control(world, "POST", "/faults", {"kind": "fail", "status": 429}).value
    assert (made["status"], made["code"]) == (429, 42900)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": "explode"}, "kind"),
        ({"kind": "fail", "path": "("}, "path"),
        ({"kind": "fail", "times": 0}, "times"),
        ({"kind": "fail", "times": True}, "times"),
        ({"kind": "fail", "share": 0}, "share"),
        ({"kind": "fail", "share": 1.5}, "share"),
        ({"kind": "fail", "status": 200}, "status"),
        ({"kind": "delay", "delayMs": -1}, "delayMs"),
        ({"kind": "fail", "when": "now"}, "when"),
    ],
)
def test_an_invalid_fault_is_refused(body: Any, field: str) -> None:
    world, faults, _ = world_with_admin()
    response = control(world, "POST", "/faults", body)
    assert response.status == 422
    assert field in response.value["error"]["message"]
    assert list(faults) == []


def test_faults_require_the_control_token() -> None:
    world, *_ = world_with_admin()
    response = world.request("POST", "/faults", {"kind": "fail"})
    assert error_of(response) == (401, 40100)


def test_there_is_no_admin_endpoint_by_default() -> None:
    assert control(World(), "POST", "/faults", {"kind": "fail"}).status == 404
