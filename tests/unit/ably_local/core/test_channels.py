from typing import Any

import pytest

from ably_local.base.protocol import Action, Flag
from tests.unit.ably_local.world import Client, World

ALL = (
    Flag.PRESENCE
    | Flag.PUBLISH
    | Flag.SUBSCRIBE
    | Flag.PRESENCE_SUBSCRIBE
    | Flag.ANNOTATION_PUBLISH
)


def data(client: Client) -> list[Any]:
    """The data of all messages received since the last call."""
    return [
        message.get("data") for each in client.take(Action.MESSAGE) for message in each["messages"]
    ]


def test_a_message_reaches_every_subscriber_with_ids_and_serials() -> None:
    world = World()
    reader, sender = world.connect(), world.connect(clientId="alice")
    reader.attach("chat")
    ack = sender.publish("chat", 7, {"name": "n", "data": "a"}, {"data": "b"})
    assert (ack["action"], ack["msgSerial"], ack["count"]) == (Action.ACK, 7, 1)
    (received,) = reader.take(Action.MESSAGE)
    first, second = received["messages"]
    assert received["id"] == f"{sender.live.id}:7"
    assert [first["id"], second["id"]] == [f"{sender.live.id}:7:0", f"{sender.live.id}:7:1"]
    assert ack["res"] == [{"serials": [first["serial"], second["serial"]]}]
    assert received["channelSerial"]
    assert received["connectionId"] == sender.live.id
    assert received["timestamp"] == world.clock.now
    assert (first["name"], first["data"], first["clientId"]) == ("n", "a", "alice")
    assert first["action"] == 0


def test_a_publisher_receives_its_own_messages_unless_echo_is_off() -> None:
    world = World()
    for echo, heard in (("true", ["x"]), ("false", [])):
        client = world.connect(echo=echo)
        client.attach("chat")
        client.publish("chat", 0, {"data": "x"})
        assert data(client) == heard


def test_detach_ends_delivery() -> None:
    world = World()
    reader = world.connect()
    reader.attach("chat")
    reader.say(Action.DETACH, channel="chat")
    assert reader.take(Action.DETACHED) == [{"action": Action.DETACHED, "channel": "chat"}]
    world.connect().publish("chat", 0, {"data": "x"})
    assert data(reader) == []


@pytest.mark.parametrize(
    ("operations", "modes"),
    [
        (["*"], ALL),
        (["subscribe"], Flag.SUBSCRIBE | Flag.PRESENCE_SUBSCRIBE),
        (["publish"], Flag.PUBLISH),
        (["presence"], Flag.PRESENCE),
    ],
)
def test_an_attachment_has_the_modes_that_the_capability_allows(
    operations: list[str], modes: Flag
) -> None:
    world = World()
    client = world.connect(access_token=world.token(capability={"chat": operations}))
    attached = client.attach("chat")
    assert attached["action"] == Action.ATTACHED
    assert attached["flags"] == modes


def test_a_client_that_attaches_again_gets_no_rewind() -> None:
    world = World()
    world.connect().publish("chat", 0, {"data": "old"})
    for flags, heard in ((0, ["old"]), (Flag.ATTACH_RESUME, [])):
        client = world.connect()
        client.attach("chat", params={"rewind": "1"}, flags=int(flags))
        assert data(client) == heard


def test_a_subscriber_that_accepts_deltas_gets_whole_messages() -> None:
    world = World()
    client = world.connect()
    params = {"delta": "vcdiff", "unheard": "of"}
    assert client.attach("chat", params=params)["params"] == {"delta": "vcdiff"}
    for serial in range(2):
        client.publish("chat", serial, {"data": "x" * 100})
    assert data(client) == ["x" * 100] * 2


def test_an_attachment_has_only_the_requested_modes() -> None:
    world = World()
    client = world.connect()
    assert client.attach("chat", flags=int(Flag.PUBLISH))["flags"] == Flag.PUBLISH
    client.publish("chat", 0, {"data": "x"})
    assert data(client) == []


def test_an_attachment_without_the_publish_mode_cannot_publish() -> None:
    world = World()
    client = world.connect()
    client.attach("chat", flags=int(Flag.SUBSCRIBE))
    assert client.publish("chat", 0, {"data": "x"})["error"]["code"] == 40165
    assert client.publish("other", 1, {"data": "x"})["action"] == Action.ACK


@pytest.mark.parametrize(
    ("channel", "fields", "code"),
    [
        ("denied", {}, 40160),
        ("::", {}, 40010),
        ("", {}, 40010),
        ("chat", {"params": {"rewind": "soon"}}, 40003),
        ("chat", {"params": {"occupancy": "metrics"}}, 50100),
        ("chat", {"flags": int(Flag.OBJECT_SUBSCRIBE)}, 50100),
        ("[filter=x]chat", {}, 50100),
    ],
)
def test_a_refused_attach_fails_that_channel_only(
    channel: str, fields: dict[str, Any], code: int
) -> None:
    world = World()
    client = world.connect(access_token=world.token(capability={"chat": ["*"]}))
    answer = client.attach(channel, **fields)
    assert (answer["action"], answer["channel"]) == (Action.ERROR, channel)
    assert answer["error"]["code"] == code
    assert client.attach("chat")["action"] == Action.ATTACHED


def test_publishing_needs_the_capability_but_no_attachment() -> None:
    world = World()
    client = world.connect(access_token=world.token(capability={"mine": ["publish"]}))
    assert client.publish("mine", 0, {"data": "x"})["action"] == Action.ACK
    nack = client.publish("other", 1, {"data": "x"})
    assert (nack["action"], nack["msgSerial"], nack["count"]) == (Action.NACK, 1, 1)
    assert (nack["error"]["code"], nack["error"]["statusCode"]) == (40160, 401)


@pytest.mark.parametrize(
    ("message", "code", "status"),
    [
        ({"data": "x" * 65_537}, 40009, 413),
        ({"data": 1}, 40013, 400),
        ({"data": "x", "clientId": "bob"}, 40012, 400),
        ({"data": "x", "action": 2}, 50100, 501),
    ],
)
def test_a_refused_publish_is_nacked(message: dict[str, Any], code: int, status: int) -> None:
    world = World()
    client = world.connect(clientId="alice")
    error = client.publish("chat", 0, message)["error"]
    assert (error["code"], error["statusCode"]) == (code, status)


def test_a_qualifiers_parameters_apply_and_its_name_is_kept() -> None:
    world = World()
    sender = world.connect()
    sender.publish("chat", 0, {"data": "old"})
    reader = world.connect()
    attached = reader.attach("[?rewind=1]chat")
    assert attached["channel"] == "[?rewind=1]chat"
    assert attached["params"] == {"rewind": "1"}
    assert attached["flags"] & Flag.HAS_BACKLOG
    sender.publish("chat", 1, {"data": "new"})
    received = reader.take(Action.MESSAGE)
    assert [each["channel"] for each in received] == ["[?rewind=1]chat"] * 2
    assert [each["messages"][0]["data"] for each in received] == ["old", "new"]


@pytest.mark.parametrize(
    ("params", "seen"),
    [
        ({"rewind": "2"}, ["b2", "c"]),
        ({"rewind": "100"}, ["a", "b1", "b2", "c"]),
        ({"rewind": "0"}, []),
        ({"rewind": "15s"}, ["b1", "b2", "c"]),
        ({"rewind": "2m", "rewindLimit": "1"}, ["c"]),
        ({}, []),
    ],
)
def test_rewind_delivers_the_latest_messages(params: dict[str, str], seen: list[str]) -> None:
    world = World()
    sender = world.connect()
    sender.publish("chat", 0, {"data": "a"})
    world.pass_ms(10_000)
    sender.publish("chat", 1, {"data": "b1"}, {"data": "b2"})
    world.pass_ms(10_000)
    sender.publish("chat", 2, {"data": "c"})
    reader = world.connect()
    reader.attach("chat", params=params)
    assert data(reader) == seen


def test_a_truncated_rewind_over_time_is_reported() -> None:
    world = World()
    world.connect().publish("chat", 0, *[{"data": "x"}] * 101)
    reader = world.connect()
    attached = reader.attach("chat", params={"rewind": "1m"})
    assert attached["error"]["code"] == 90004
    assert len(data(reader)) == 100


def test_a_returning_client_gets_missed_messages_once_and_in_order() -> None:
    world = World()
    reader, sender = world.connect(), world.connect()
    reader.attach("chat")
    sender.publish("chat", 0, {"data": "seen"})
    (seen,) = reader.take(Action.MESSAGE)
    reader.cut()
    sender.publish("chat", 1, {"data": "missed 1"})
    sender.publish("chat", 2, {"data": "missed 2"})
    again = world.connect(resume=reader.live.key)
    sender.publish("chat", 3, {"data": "missed 3"})
    attached = again.attach("chat", channelSerial=seen["channelSerial"])
    assert attached["flags"] & Flag.RESUMED
    assert attached["channelSerial"] == seen["channelSerial"]
    sender.publish("chat", 4, {"data": "live"})
    assert data(again) == ["missed 1", "missed 2", "missed 3", "live"]


def test_a_new_connection_with_a_known_serial_keeps_its_continuity() -> None:
    world = World()
    reader, sender = world.connect(), world.connect()
    serial = reader.attach("chat")["channelSerial"]
    sender.publish("chat", 0, {"data": "missed"})
    other = world.connect()
    assert other.attach("chat", channelSerial=serial)["flags"] & Flag.RESUMED
    assert data(other) == ["missed"]


@pytest.mark.parametrize("gone", ["time", "series", "nonsense"])
def test_lost_continuity_is_not_reported_as_kept(gone: str) -> None:
    world = World()
    reader, sender = world.connect(), world.connect()
    serial = reader.attach("chat")["channelSerial"]
    sender.publish("chat", 0, {"data": "missed"})
    if gone == "time":
        world.pass_ms(120_000)
    elif gone == "series":
        serial = World().service.serials.next()
    else:
        serial = 17
    attached = reader.attach("chat", channelSerial=serial)
    assert not attached["flags"] & Flag.RESUMED
    assert data(reader) == []


def test_a_publish_resent_after_a_disconnect_is_acknowledged_and_not_repeated() -> None:
    world = World()
    reader, sender = world.connect(), world.connect()
    reader.attach("chat")
    ack = sender.publish("chat", 0, {"data": "once"})
    sender.cut()
    again = world.connect(resume=sender.live.key)
    assert again.publish("chat", 0, {"data": "once"}) == ack
    assert again.publish("chat", 1, {"data": "next"})["action"] == Action.ACK
    assert data(reader) == ["once", "next"]


def test_the_first_serials_of_a_new_connection_are_its_own() -> None:
    world = World()
    reader = world.connect()
    reader.attach("chat")
    for _ in range(2):
        world.connect().publish("chat", 0, {"data": "x"})
    assert data(reader) == ["x", "x"]


def test_a_disconnected_client_adds_no_work_for_publishers() -> None:
    world = World()
    reader = world.connect()
    reader.attach("chat")
    reader.cut()
    assert world.connect().publish("chat", 0, {"data": "x"})["action"] == Action.ACK


def test_unused_channels_are_dropped_once_they_hold_no_state() -> None:
    world = World()
    world.connect().publish("chat", 0, {"id": "x", "data": "x"})
    world.pass_ms(60_000)
    assert "chat" in world.app.channels
    world.pass_ms(120_000)
    assert "chat" not in world.app.channels
