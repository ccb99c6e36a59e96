from typing import Any

import pytest

from ably_local.base.codec import encode
from ably_local.base.protocol import Action, Flag
from tests.unit.ably_local.world import START_MS, World


def error_code(message: dict[str, Any]) -> int:
    code: int = message["error"]["code"]
    return code


def test_a_client_gets_all_fields_that_the_sdks_read() -> None:
    world = World()
    (connected,) = world.connect(clientId="alice").received
    details = connected["connectionDetails"]
    assert connected["action"] == Action.CONNECTED
    assert details["connectionKey"].startswith(f"{connected['connectionId']}!")
    assert details["clientId"] == "alice"
    assert details["maxMessageSize"] == 65536
    assert details["maxFrameSize"] == 524288
    assert details["connectionStateTtl"] == 120_000
    assert details["maxIdleInterval"] == 15_000
    assert "channel" not in connected
    assert "error" not in connected


@pytest.mark.parametrize("name", ["access_token", "accessToken"])
def test_the_token_parameter_names_of_both_sdks_are_accepted(name: str) -> None:
    world = World()
    assert world.connect(**{name: world.token()}).received[0]["action"] == Action.CONNECTED


@pytest.mark.parametrize(
    ("params", "code", "status"),
    [
        ({"key": "noapp.key:secret"}, 40101, 401),
        ({"key": "appid.keyid:wrong"}, 40101, 401),
        ({"key": "appid.nokey:wrong"}, 40101, 401),
        ({"access_token": "appid.none"}, 40143, 401),
        ({"key": ""}, 40106, 401),
    ],
)
def test_bad_credentials_end_the_socket_with_a_connection_error(
    params: dict[str, str], code: int, status: int
) -> None:
    client = World().connect(**params)
    (error,) = client.received
    assert error["action"] == Action.ERROR
    assert "channel" not in error, "ably-js takes a channel of null for a channel's error"
    assert (error_code(error), error["error"]["statusCode"]) == (code, status)
    assert client.closed
    assert client.connection is None


def test_another_clients_token_is_refused() -> None:
    world = World()
    for owner in ("alice", None):
        client = world.connect(access_token=world.token(clientId=owner), clientId="bob")
        assert error_code(client.received[0]) == 40102


def test_a_heartbeat_is_answered_with_its_id() -> None:
    client = World().connect()
    assert client.say(Action.HEARTBEAT, id="ping") == [{"action": Action.HEARTBEAT, "id": "ping"}]


def test_a_silent_connection_gets_a_heartbeat_within_the_promised_interval() -> None:
    world = World()
    client = world.connect()
    client.take()
    world.pass_ms(15_000)
    assert client.take(Action.HEARTBEAT)
    world.pass_ms(15_000)
    assert client.take(Action.HEARTBEAT)


def test_a_new_token_is_requested_30_seconds_before_expiry_and_expiry_ends_the_socket() -> None:
    world = World()
    client = world.connect(access_token=world.token(ttl=60_000))
    world.pass_ms(29_999)
    assert not client.take(Action.AUTH)
    world.pass_ms(1)
    assert client.take(Action.AUTH)
    world.pass_ms(29_999)
    assert not client.take(Action.DISCONNECTED)
    world.pass_ms(1)
    (bye,) = client.take(Action.DISCONNECTED)
    assert (bye["error"]["code"], bye["error"]["statusCode"]) == (40142, 401)
    assert client.closed
    assert world.clock.now == START_MS + 60_000


def test_a_new_token_in_time_keeps_the_connection() -> None:
    world = World()
    client = world.connect(access_token=world.token(ttl=60_000, clientId="alice"))
    world.pass_ms(30_000)
    client.take()
    token = world.token(ttl=60_000, clientId="alice")
    (connected,) = client.say(Action.AUTH, auth={"accessToken": token})
    assert connected["action"] == Action.CONNECTED
    assert connected["connectionId"] == client.live.id
    world.pass_ms(59_999)
    assert not client.take(Action.DISCONNECTED)
    world.pass_ms(1)
    assert client.closed


@pytest.mark.parametrize(
    ("request_", "code"), [({"clientId": "bob"}, 40102), ({"ttl": 1, "clientId": "alice"}, 40142)]
)
def test_an_incompatible_renewal_ends_the_connection(request_: dict[str, Any], code: int) -> None:
    world = World()
    client = world.connect(access_token=world.token(clientId="alice"))
    token = world.token(**request_)
    world.pass_ms(1)
    (error,) = client.say(Action.AUTH, auth={"accessToken": token})
    assert (error["action"], error_code(error)) == (Action.ERROR, code)
    assert client.closed


def test_a_renewal_with_more_capability_grants_the_requested_modes() -> None:
    world = World()
    client = world.connect(access_token=world.token(capability={"chat": ["publish"]}))
    client.attach("chat")
    assert client.publish("chat", 0, {"data": "x"})["action"] == Action.ACK
    token = world.token(capability={"chat": ["subscribe"]})
    client.say(Action.AUTH, auth={"accessToken": token})
    (attached,) = client.take(Action.ATTACHED)
    assert attached["flags"] == Flag.SUBSCRIBE | Flag.PRESENCE_SUBSCRIBE | Flag.RESUMED
    assert client.publish("chat", 1, {"data": "x"})["error"]["code"] == 40160
    token = world.token(capability={"chat": ["publish", "subscribe"]})
    client.say(Action.AUTH, auth={"accessToken": token})
    assert client.publish("chat", 2, {"data": "heard"})["action"] == Action.ACK
    assert [each["messages"][0]["data"] for each in client.take(Action.MESSAGE)] == ["heard"]


def test_a_member_list_comes_with_the_capability_to_see_it() -> None:
    world = World()
    member = world.connect(clientId="bob")
    member.attach("chat")
    member.say(Action.PRESENCE, channel="chat", msgSerial=0, presence=[{"action": 2}])
    client = world.connect(access_token=world.token(capability={"chat": ["publish"]}))
    client.attach("chat")
    assert client.take(Action.SYNC) == []
    token = world.token(capability={"chat": ["publish", "subscribe"]})
    client.say(Action.AUTH, auth={"accessToken": token})
    (page,) = client.take(Action.SYNC)
    assert [item["clientId"] for item in page["presence"]] == ["bob"]


def test_a_renewal_with_less_capability_fails_the_channel() -> None:
    world = World()
    client = world.connect(access_token=world.token(capability={"*": ["subscribe"]}))
    client.attach("kept")
    client.attach("lost")
    token = world.token(capability={"kept": ["subscribe"]})
    answers = client.say(Action.AUTH, auth={"accessToken": token})
    (error,) = [each for each in answers if each["action"] == Action.ERROR]
    assert (error["channel"], error_code(error)) == ("lost", 40160)
    client.take()
    world.connect().publish("lost", 0, {"data": "unseen"})
    world.connect().publish("kept", 0, {"data": "seen"})
    assert [each["channel"] for each in client.take(Action.MESSAGE)] == ["kept"]


def test_close_is_answered_and_final() -> None:
    world = World()
    client = world.connect()
    key = client.live.key
    client.say(Action.CLOSE)
    assert client.received[-1] == {"action": Action.CLOSED}
    assert client.closed
    assert error_code(world.connect(resume=key).received[0]) == 80008


def test_a_resumed_connection_keeps_its_id() -> None:
    world = World()
    client = world.connect()
    client.cut()
    world.pass_ms(119_999)
    (connected,) = world.connect(resume=client.live.key).received
    assert connected["connectionId"] == client.live.id
    assert "error" not in connected


def test_a_new_client_can_recover_a_connection() -> None:
    world = World()
    client = world.connect()
    client.cut()
    (connected,) = world.connect(recover=client.live.key).received
    assert connected["connectionId"] == client.live.id


def test_a_connection_that_has_expired_is_lost_with_80008() -> None:
    world = World()
    client = world.connect()
    client.cut()
    world.pass_ms(120_000)
    (connected,) = world.connect(resume=client.live.key).received
    assert connected["connectionId"] != client.live.id
    assert error_code(connected) == 80008
    assert client.live.id not in world.app.connections


@pytest.mark.parametrize("key", ["_____!ablyjs_test_fake-key____", "nonsense"])
def test_a_malformed_connection_key_is_80018(key: str) -> None:
    (connected,) = World().connect(resume=key).received
    assert (connected["action"], error_code(connected)) == (Action.CONNECTED, 80018)


def test_no_client_resumes_the_connection_of_another() -> None:
    world = World()
    client = world.connect(clientId="alice")
    client.cut()
    (connected,) = world.connect(resume=client.live.key, clientId="bob").received
    assert error_code(connected) == 80011
    forged = f"{client.live.id}!{'x' * 16}-1"
    assert error_code(world.connect(resume=forged, clientId="alice").received[0]) == 80018


def test_every_earlier_key_of_a_connection_resumes_it() -> None:
    world = World()
    first = world.connect()
    keys = [first.received[0]["connectionDetails"]["connectionKey"]]
    for _ in range(2):
        (connected,) = world.connect(resume=keys[0]).received
        assert connected["connectionId"] == first.live.id
        keys.append(connected["connectionDetails"]["connectionKey"])
    assert len(set(keys)) == 3


def test_a_resume_takes_over_a_socket_that_is_still_open() -> None:
    world = World()
    first = world.connect()
    second = world.connect(resume=first.live.key)
    assert first.closed
    world.realtime.lose(first.live, first)
    assert second.say(Action.HEARTBEAT, id="x"), "the late end of the old socket changes nothing"


def test_a_resumed_connection_does_not_expire() -> None:
    world = World()
    first = world.connect()
    first.cut()
    second = world.connect(resume=first.live.key)
    world.pass_ms(300_000)
    assert not second.closed
    assert world.app.connections[second.live.id] is second.live


def test_an_invalid_protocol_message_ends_only_its_own_connection() -> None:
    world = World()
    other = world.connect()
    for frame in ("{", "[]", '{"action":"x"}', '{"action":null}', b"\xc1"):
        client = world.connect()
        client.say_raw(frame)
        assert client.received[-1]["action"] == Action.ERROR
        assert client.closed
    assert other.say(Action.HEARTBEAT, id="x")


def test_each_client_gets_its_own_format() -> None:
    world = World()
    readers = [world.connect("json"), world.connect("msgpack")]
    for reader in readers:
        reader.attach("chat")
    sender = world.connect("msgpack")
    sender.publish("chat", 0, {"data": b"\xff\x00"})
    in_json, in_msgpack = (reader.take(Action.MESSAGE)[0]["messages"][0] for reader in readers)
    assert (in_json["data"], in_json["encoding"]) == ("/wA=", "base64")
    assert in_msgpack["data"] == b"\xff\x00"
    assert "encoding" not in in_msgpack


def test_a_frame_in_the_other_format_is_understood() -> None:
    client = World().connect("json")
    frame = encode({"action": Action.HEARTBEAT, "id": "x"}, "msgpack")
    assert client.say_raw(frame) == [{"action": Action.HEARTBEAT, "id": "x"}]


def test_a_publish_without_a_channel_name_is_refused() -> None:
    client = World().connect()
    for number, channel in enumerate((7, None, "", ["chat"])):
        (nack,) = client.say(
            Action.MESSAGE, channel=channel, msgSerial=number, messages=[{"data": "x"}]
        )
        assert (nack["action"], error_code(nack)) == (Action.NACK, 40010)


@pytest.mark.parametrize("action", [Action.OBJECT, Action.ANNOTATION])
def test_an_unsupported_message_is_refused_by_name(action: Action) -> None:
    (nack,) = World().connect().say(action, channel="chat", msgSerial=3)
    assert (nack["action"], nack["msgSerial"], error_code(nack)) == (Action.NACK, 3, 50100)
