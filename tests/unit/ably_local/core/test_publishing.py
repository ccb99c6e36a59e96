from typing import Any

import pytest

from ably_local.base.protocol import Action
from ably_local.core.limits import Limits
from tests.unit.ably_local.world import World, bearer, error_of

MESSAGES = "/channels/chat/messages"


def published(world: World) -> list[Any]:
    return [message.get("data") for message in world.request("GET", MESSAGES).value][::-1]


def test_a_publish_answers_with_the_id_and_a_serial_for_each_message() -> None:
    world = World()
    response = world.request("POST", MESSAGES, [{"data": "a"}, {"data": "b"}])
    assert response.status == 201
    first, second = response.value["serials"]
    assert first < second
    messages = world.request("GET", MESSAGES).value
    assert [each["serial"] for each in messages] == [second, first]
    base = response.value["messageId"]
    assert [each["id"] for each in messages] == [f"{base}:1", f"{base}:0"]


def test_a_repeated_id_within_two_minutes_is_the_same_publish() -> None:
    world = World()
    first = world.request("POST", MESSAGES, {"id": "order-1", "data": "a"})
    world.pass_ms(119_999)
    again = world.request("POST", MESSAGES, {"id": "order-1", "data": "b"})
    assert again.value == first.value
    world.pass_ms(1)
    later = world.request("POST", MESSAGES, {"id": "order-1", "data": "c"})
    assert later.value["serials"] != first.value["serials"]
    assert published(world) == ["c"]


def test_an_array_is_one_unit_under_the_base_of_its_ids() -> None:
    world = World()
    array = [{"id": "batch:0", "data": "a"}, {"id": "batch:1", "data": "b"}]
    first = world.request("POST", MESSAGES, array)
    assert first.value["messageId"] == "batch"
    assert world.request("POST", MESSAGES, array).value == first.value
    assert published(world) == ["a", "b"]


def test_each_channel_has_its_own_idempotency_window() -> None:
    world = World()
    world.request("POST", MESSAGES, {"id": "one", "data": "a"})
    other = world.request("POST", "/channels/other/messages", {"id": "one", "data": "a"})
    assert other.status == 201
    assert len(world.request("GET", "/channels/other/messages").value) == 1


@pytest.mark.parametrize(
    "ids",
    [["a", "b"], ["x:0", "y:1"], ["x:1", "x:0"], ["x:0", None], ["x:0", "x:0"], [""], ["x:0", ""]],
)
def test_inconsistent_ids_are_refused(ids: list[str | None]) -> None:
    response = World().request("POST", MESSAGES, [{"id": id_, "data": "d"} for id_ in ids])
    assert error_of(response) == (400, 40031)


def test_a_refused_array_publishes_nothing() -> None:
    world = World()
    response = world.request("POST", MESSAGES, [{"data": "good"}, {"data": 1}])
    assert error_of(response) == (400, 40013)
    assert published(world) == []


def test_sizes_are_counted_in_bytes_over_all_messages_of_a_publish() -> None:
    world = World()
    body = [{"name": "é", "data": "x" * 32_766}, {"data": "é" * 16_384}]
    assert world.request("POST", MESSAGES, body).status == 201
    body[1]["data"] += "x"
    response = world.request("POST", MESSAGES, body)
    assert error_of(response) == (413, 40009)
    assert "65537" in response.value["error"]["message"]


def test_fifty_publishes_a_second_pass_and_a_refused_publish_does_not_count() -> None:
    world = World()
    for _ in range(50):
        assert world.request("POST", MESSAGES, {"data": "x"}).status == 201
    for _ in range(10):
        assert error_of(world.request("POST", MESSAGES, {"data": "x"})) == (429, 42913)
    world.pass_ms(20)
    assert world.request("POST", MESSAGES, {"data": "x"}).status == 201
    assert world.request("POST", MESSAGES, {"data": "x"}).status == 429
    assert world.request("POST", "/channels/other/messages", {"data": "x"}).status == 201


def test_a_quiet_minute_saves_up_only_a_second_of_publishes() -> None:
    world = World()
    world.request("POST", MESSAGES, {"data": "x"})
    world.pass_ms(60_000)
    answers = [world.request("POST", MESSAGES, {"data": "x"}).status for _ in range(51)]
    assert answers == [201] * 50 + [429]


def test_an_array_counts_once_against_the_rate() -> None:
    world = World()
    for _ in range(50):
        assert world.request("POST", MESSAGES, [{"data": "x"}] * 50).status == 201
    assert world.request("POST", MESSAGES, [{"data": "x"}]).status == 429


def test_limits_can_be_turned_off() -> None:
    world = World(limits=Limits.off())
    for _ in range(100):
        assert world.request("POST", MESSAGES, {"data": "x" * 70_000}).status == 201


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("text", 40001),
        ([], 40001),
        ({"data": 1}, 40013),
        ({"data": True}, 40013),
        ({"data": "!", "encoding": "base64"}, 40013),
        ({"name": 1}, 40016),
        ({"id": 1}, 40007),
        ({"clientId": 1}, 40012),
        ({"extras": "x"}, 40032),
        ({"extras": {"unknown": 1}}, 40032),
        ({"extras": {"headers": {"n": 2**64}}}, 40032),
        ([{"data": "x", "extras": {"ephemeral": True}}, {"data": "y"}], 40032),
        ({"extras": {"ephemeral": "yes"}}, 40032),
        ({"extras": {"headers": ["a"]}}, 40032),
        ({"extras": {"headers": {"a": {"b": 1}}}}, 40032),
        ({"extras": {"headers": {"a": [1]}}}, 40032),
        ({"extras": {"privileged": {"skipRule": "some"}}}, 40032),
        ({"extras": {"privileged": {"skipRule": [1]}}}, 40032),
        ({"extras": {"privileged": "*"}}, 40032),
        ([{"data": "x"}] * 1001, 40034),
    ],
)
def test_a_malformed_message_is_refused(message: Any, code: int) -> None:
    assert error_of(World().request("POST", MESSAGES, message)) == (400, code)


@pytest.mark.parametrize(
    ("message", "feature"),
    [
        ({"data": "x", "action": 1, "serial": "s"}, "message updates"),
        ({"data": "x", "extras": {"push": {}}}, "push"),
    ],
)
def test_an_unsupported_feature_is_refused_by_name(message: Any, feature: str) -> None:
    response = World().request("POST", MESSAGES, message)
    assert error_of(response) == (501, 50100)
    assert feature in response.value["error"]["message"]


@pytest.mark.parametrize("name", ["%3Achat", "a%0Ab", "%5Bopen", "%5B%3Frewind%3D1%5D"])
def test_a_bad_channel_name_is_refused(name: str) -> None:
    response = World().request("POST", f"/channels/{name}/messages", {"data": "x"})
    assert error_of(response) == (400, 40010)


def test_no_client_publishes_on_a_metachannel() -> None:
    response = World().request("POST", "/channels/%5Bmeta%5Dlog/messages", {"data": "x"})
    assert error_of(response) == (401, 40160)


def test_an_object_is_stored_as_json_text() -> None:
    world = World()
    world.request("POST", MESSAGES, {"data": {"a": "é"}})
    (message,) = world.request("GET", MESSAGES).value
    assert (message["data"], message["encoding"]) == ('{"a":"é"}', "json")


def test_an_ephemeral_message_leaves_no_history() -> None:
    world = World()
    world.request("POST", MESSAGES, {"data": "x", "extras": {"ephemeral": True}})
    assert published(world) == []


def test_a_rest_publish_can_speak_for_a_live_connection() -> None:
    world = World()
    client = world.connect(clientId="alice")
    client.attach("chat")
    key = client.live.key
    world.request("POST", MESSAGES, {"data": "x", "connectionKey": key})
    (message,) = client.take(Action.MESSAGE)
    assert message["connectionId"] == client.live.id
    assert message["messages"][0]["clientId"] == "alice"
    assert "connectionKey" not in message["messages"][0]


@pytest.mark.parametrize("keys", [["gone!secret"], ["{live}", "other!secret"], ["{forged}"]])
def test_a_rest_publish_for_no_live_connection_is_refused(keys: list[str]) -> None:
    world = World()
    live = world.connect().live.key
    known = {"{live}": live, "{forged}": f"{live.partition('!')[0]}!{'x' * 16}-1"}
    messages = [{"data": "x", "connectionKey": known.get(key, key)} for key in keys]
    assert error_of(world.request("POST", MESSAGES, messages)) == (400, 40006)
    assert published(world) == []


def test_no_client_publishes_for_the_connection_of_another() -> None:
    world = World()
    key = world.connect(clientId="alice").live.key
    token = bearer(world.token(clientId="bob"))
    message = {"data": "x", "connectionKey": key}
    answer = world.request("POST", MESSAGES, message, authorization=token)
    assert error_of(answer) == (400, 40012)


def test_headers_are_flat_and_unchanged() -> None:
    world = World()
    headers = {"text": "a", "number": 1.5, "truth": True, "nothing": None}
    message = {"data": "x", "extras": {"headers": headers}}
    assert world.request("POST", MESSAGES, message).status == 201
    (kept,) = world.request("GET", MESSAGES).value
    assert kept["extras"] == {"headers": headers}
