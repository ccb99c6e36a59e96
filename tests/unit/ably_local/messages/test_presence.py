from typing import Any

import pytest

from ably_local.base.protocol import Action, Flag, PresenceAction
from ably_local.core.limits import Limits
from tests.unit.ably_local.world import Client, World

ENTER, LEAVE, UPDATE = PresenceAction.ENTER, PresenceAction.LEAVE, PresenceAction.UPDATE


def act(client: Client, action: int, msg_serial: int = 0, **member: Any) -> dict[str, Any]:
    """Send one presence message on `chat`; returns the ACK or NACK."""
    answers = client.say(
        Action.PRESENCE,
        channel="chat",
        msgSerial=msg_serial,
        presence=[{"action": action, **member}],
    )
    (answer,) = [each for each in answers if each["action"] in (Action.ACK, Action.NACK)]
    return answer


def events(client: Client) -> list[tuple[int, str, Any]]:
    """The presence events received since the last call."""
    return [
        (item["action"], item["clientId"], item.get("data"))
        for each in client.take(Action.PRESENCE)
        for item in each["presence"]
    ]


def two(world: World) -> tuple[Client, Client]:
    watcher, member = world.connect(), world.connect(clientId="alice")
    watcher.attach("chat")
    member.attach("chat")
    return watcher, member


def test_every_subscriber_sees_members_enter_update_and_leave() -> None:
    watcher, member = two(World())
    assert act(member, ENTER, 0, data="hi")["action"] == Action.ACK
    act(member, UPDATE, 1, data="ho")
    act(member, LEAVE, 2)
    assert events(watcher) == [
        (ENTER, "alice", "hi"),
        (UPDATE, "alice", "ho"),
        (LEAVE, "alice", None),
    ]


def test_a_member_carries_the_fields_for_newness_comparison() -> None:
    world = World()
    watcher, member = two(world)
    act(member, ENTER, 4)
    (received,) = watcher.take(Action.PRESENCE)
    (item,) = received["presence"]
    assert item["id"] == f"{member.live.id}:4:0"
    assert item["connectionId"] == member.live.id
    assert item["timestamp"] == world.clock.now
    assert received["channelSerial"]


def test_a_second_enter_is_an_update_and_a_first_update_is_an_enter() -> None:
    watcher, member = two(World())
    act(member, UPDATE, 0, data="a")
    act(member, ENTER, 1, data="b")
    assert events(watcher) == [(ENTER, "alice", "a"), (UPDATE, "alice", "b")]


def test_a_member_sees_itself_even_without_echo() -> None:
    member = World().connect(clientId="alice", echo="false")
    member.attach("chat")
    act(member, ENTER)
    assert events(member) == [(ENTER, "alice", None)]


def test_leaving_without_being_a_member_has_no_effect() -> None:
    watcher, member = two(World())
    assert act(member, LEAVE)["action"] == Action.ACK
    assert events(watcher) == []


def test_a_new_subscriber_gets_all_members_in_pages() -> None:
    world = World(limits=Limits.off())
    host = world.connect()
    host.attach("chat")
    for number in range(250):
        act(host, ENTER, number, clientId=f"client {number}")
    late = world.connect()
    assert late.attach("chat")["flags"] & Flag.HAS_PRESENCE
    pages = late.take(Action.SYNC)
    assert [len(page["presence"]) for page in pages] == [100, 100, 50]
    sequences = {page["channelSerial"].split(":")[0] for page in pages}
    cursors = [page["channelSerial"].split(":")[1] for page in pages]
    assert len(sequences) == 1
    assert all(cursors[:-1])
    assert cursors[-1] == ""
    members = [item for page in pages for item in page["presence"]]
    assert {item["clientId"] for item in members} == {f"client {n}" for n in range(250)}
    assert {item["action"] for item in members} == {PresenceAction.PRESENT}
    assert all(item["connectionId"] == host.live.id for item in members)


def test_an_empty_channel_sends_no_presence_sync() -> None:
    world = World()
    client = world.connect()
    assert not client.attach("chat")["flags"] & Flag.HAS_PRESENCE
    assert client.take(Action.SYNC) == []


def test_a_client_that_asks_gets_the_members_again() -> None:
    watcher, member = two(World())
    act(member, ENTER)
    watcher.take()
    (page,) = watcher.say(Action.SYNC, channel="chat")
    assert [item["clientId"] for item in page["presence"]] == ["alice"]
    assert page["channelSerial"].endswith(":")
    (answer,) = watcher.say(Action.SYNC, channel="elsewhere")
    assert answer == {"action": Action.DETACHED, "channel": "elsewhere"}
    (answer,) = watcher.say(Action.SYNC, channel=7)
    assert answer["error"]["code"] == 40010


def test_a_client_without_the_mode_sees_no_presence() -> None:
    world = World()
    watcher = world.connect()
    watcher.attach("chat", flags=int(Flag.SUBSCRIBE))
    member = world.connect(clientId="alice")
    member.attach("chat")
    act(member, ENTER)
    assert events(watcher) == []


def test_a_member_that_closes_leaves_immediately() -> None:
    watcher, member = two(World())
    act(member, ENTER, data="hi")
    events(watcher)
    member.say(Action.CLOSE)
    (received,) = watcher.take(Action.PRESENCE)
    (item,) = received["presence"]
    assert (item["action"], item["clientId"], item["data"]) == (LEAVE, "alice", "hi")
    assert not item["id"].startswith(member.live.id), "the server speaks for the member"


def test_a_member_that_detaches_leaves_immediately() -> None:
    watcher, member = two(World())
    act(member, ENTER)
    events(watcher)
    member.say(Action.DETACH, channel="chat")
    assert events(watcher) == [(LEAVE, "alice", None)]


def test_a_disconnected_member_leaves_after_the_grace_period_unless_it_returns() -> None:
    world = World()
    watcher, member = two(world)
    act(member, ENTER)
    events(watcher)
    member.cut()
    world.pass_ms(14_999)
    back = world.connect(resume=member.live.key, clientId="alice")
    world.pass_ms(60_000)
    assert events(watcher) == []
    back.cut()
    world.pass_ms(15_000)
    assert events(watcher) == [(LEAVE, "alice", None)]


@pytest.mark.parametrize(
    ("requested", "stays_ms"), [("1000", 1000), ("999999", 120_000), ("-1", 15_000)]
)
def test_a_client_can_set_how_long_it_stays_present(requested: str, stays_ms: int) -> None:
    world = World()
    watcher, member = world.connect(), world.connect(clientId="alice", remainPresentFor=requested)
    watcher.attach("chat")
    member.attach("chat")
    act(member, ENTER)
    events(watcher)
    member.cut()
    world.pass_ms(stays_ms - 1)
    assert events(watcher) == []
    world.pass_ms(1)
    assert events(watcher) == [(LEAVE, "alice", None)]


def test_a_member_that_resumes_and_enters_as_it_was_is_not_announced_again() -> None:
    world = World()
    watcher, member = two(world)
    act(member, ENTER, 0, data="hi")
    events(watcher)
    member.cut()
    back = world.connect(resume=member.live.key, clientId="alice")
    back.attach("chat")
    again = act(back, ENTER, 1, data="hi", id=f"{member.live.id}:0:0")
    assert again["action"] == Action.ACK
    assert events(watcher) == []


def test_missed_presence_events_are_delivered_on_resume() -> None:
    world = World()
    watcher, member = two(world)
    serial = world.app.channels["chat"].log.head
    watcher.cut()
    act(member, ENTER, data="missed")
    back = world.connect(resume=watcher.live.key)
    attached = back.attach("chat", channelSerial=serial)
    assert attached["flags"] & Flag.RESUMED
    assert [each["action"] for each in back.received] == [Action.PRESENCE, Action.SYNC]
    assert events(back) == [(ENTER, "alice", "missed")]


@pytest.mark.parametrize(
    ("client", "member", "code"),
    [
        ({}, {}, 91000),
        ({"clientId": "alice"}, {"clientId": "bob"}, 40012),
        ({"clientId": "alice"}, {"data": "x" * 65_537}, 40009),
        ({"clientId": "alice"}, {"action": 9}, 40003),
    ],
)
def test_a_refused_member_is_nacked(
    client: dict[str, str], member: dict[str, Any], code: int
) -> None:
    world = World()
    connected = world.connect(**client)
    connected.attach("chat")
    answer = act(connected, member.pop("action", ENTER), **member)
    assert (answer["action"], answer["error"]["code"]) == (Action.NACK, code)


def test_presence_needs_an_attachment_and_the_capability() -> None:
    world = World()
    assert act(world.connect(clientId="alice"), ENTER)["error"]["code"] == 91001
    token = world.token(capability={"chat": ["subscribe"]}, clientId="alice")
    client = world.connect(access_token=token)
    client.attach("chat")
    assert act(client, ENTER)["error"]["code"] == 40160


def test_presence_needs_the_modes() -> None:
    world = World()
    host = world.connect(clientId="alice")
    host.attach("chat")
    act(host, ENTER)
    reader = world.connect(clientId="bob")
    attached = reader.attach("chat", flags=int(Flag.SUBSCRIBE))
    assert not attached["flags"] & Flag.HAS_PRESENCE, "no SYNC will follow"
    assert reader.take(Action.SYNC) == []
    assert act(reader, ENTER)["error"]["code"] == 40165


def test_a_client_with_a_key_can_enter_any_client_id() -> None:
    world = World()
    watcher, host = world.connect(), world.connect()
    watcher.attach("chat")
    host.attach("chat")
    act(host, ENTER, 0, clientId="alice")
    act(host, ENTER, 1, clientId="bob")
    assert [client_id for _, client_id, _ in events(watcher)] == ["alice", "bob"]


def test_a_full_channel_takes_no_more_members() -> None:
    world = World(limits=Limits(presence_members=1))
    host = world.connect()
    host.attach("chat")
    assert act(host, ENTER, 0, clientId="alice")["action"] == Action.ACK
    assert act(host, ENTER, 1, clientId="bob")["error"]["code"] == 91003
    assert act(host, UPDATE, 2, clientId="alice")["action"] == Action.ACK


def test_rest_returns_current_members_and_presence_history() -> None:
    world = World()
    _, member = two(world)
    act(member, ENTER, 0, data="hi")
    (present,) = world.request("GET", "/channels/chat/presence").value
    assert (present["clientId"], present["action"], present["data"]) == ("alice", 1, "hi")
    assert world.request("GET", "/channels/chat/presence?clientId=bob").value == []
    act(member, LEAVE, 1)
    assert world.request("GET", "/channels/chat/presence").value == []
    history = world.request("GET", "/channels/chat/presence/history").value
    assert [item["action"] for item in history] == [LEAVE, ENTER]
