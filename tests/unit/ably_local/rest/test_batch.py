from typing import Any

import pytest

from ably_local.core.limits import UNLIMITED, Limits
from tests.unit.ably_local.world import World, bearer, error_of


def spec(*channels: str, data: str = "x", **message: Any) -> dict[str, Any]:
    return {"channels": list(channels), "messages": [{"data": data, **message}]}


def count(world: World, channel: str) -> int:
    return len(world.request("GET", f"/channels/{channel}/messages").value)


def test_each_channel_of_each_spec_gets_its_messages() -> None:
    world = World()
    response = world.request("POST", "/messages", [spec("a", "b"), spec("b")])
    assert response.status == 201
    first, second = response.value
    assert (first["successCount"], first["failureCount"]) == (2, 0)
    assert [result["channel"] for result in first["results"]] == ["a", "b"]
    assert len(second["results"][0]["serials"]) == 1
    assert second["results"][0]["messageId"]
    assert [count(world, channel) for channel in "ab"] == [1, 2]


def test_a_single_spec_gets_a_single_result() -> None:
    response = World().request("POST", "/messages", {"channels": "a", "messages": {"data": "x"}})
    assert response.value["successCount"] == 1


def test_a_partial_failure_is_reported_per_channel() -> None:
    world = World()
    token = bearer(world.token(capability={"a": ["publish"]}))
    response = world.request("POST", "/messages", [spec("a", "b")], authorization=token)
    assert response.status == 201
    (answer,) = response.value
    assert (answer["successCount"], answer["failureCount"]) == (1, 1)
    assert answer["results"][1]["error"]["code"] == 40160
    assert count(world, "a") == 1


@pytest.mark.parametrize("version", ["", "1.2", "2"])
def test_older_clients_get_a_flat_list(version: str) -> None:
    world = World()
    response = world.request("POST", "/messages", [spec("a"), spec("b")], version=version)
    assert response.status == 201
    assert [set(result) for result in response.value] == [{"channel", "messageId"}] * 2


def test_older_clients_get_a_partial_failure_as_an_error() -> None:
    world = World()
    response = world.request("POST", "/messages", spec("a", "::"), version="2")
    assert error_of(response) == (400, 40020)
    good, bad = response.value["batchResponse"]
    assert good["channel"] == "a"
    assert bad["error"]["code"] == 40010
    assert count(world, "a") == 1


def test_a_resent_batch_with_the_same_ids_is_not_repeated() -> None:
    world = World()
    specs = [spec("a", id="batch-1:0"), spec("b", id="batch-2:0")]
    first = world.request("POST", "/messages", specs)
    world.pass_ms(119_999)
    assert world.request("POST", "/messages", specs).value == first.value
    assert [count(world, channel) for channel in "ab"] == [1, 1]


def test_a_spec_counts_once_against_each_channels_rate() -> None:
    world = World(limits=Limits(account_message_rate=UNLIMITED))
    full = {"channels": ["a"], "messages": [{"data": "x"}] * 100}
    for _ in range(50):
        assert world.request("POST", "/messages", [full]).value[0]["failureCount"] == 0
    (answer,) = world.request("POST", "/messages", [full, spec("b")]).value[:1]
    assert answer["results"][0]["error"]["code"] == 42913
    assert count(world, "b") == 1


@pytest.mark.parametrize(
    "body",
    [
        [{"messages": {"data": "x"}}],
        [{"channels": [], "messages": {"data": "x"}}],
        [{"channels": [1], "messages": {"data": "x"}}],
        [{"channels": "a"}],
        [{"channels": "a", "messages": []}],
        ["a"],
        None,
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(body: Any) -> None:
    assert error_of(World().request("POST", "/messages", body)) == (400, 40001)


def test_a_batch_has_its_own_limits() -> None:
    world = World()
    assert error_of(world.request("POST", "/messages", spec(*map(str, range(101))))) == (400, 90010)
    many = {"channels": "a", "messages": [{"data": "x"}] * 1001}
    answer = world.request("POST", "/messages", many).value
    assert answer["results"][0]["error"]["code"] == 40034
    small = World(limits=Limits(batch_bytes=100))
    response = small.request("POST", "/messages", spec("a", data="x" * 100))
    assert error_of(response) == (413, 40009)
