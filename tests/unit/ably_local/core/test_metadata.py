"""Channel metadata: enumeration, batch presence, lifecycle."""

import json
from typing import Any

import pytest

from ably_local.base.protocol import Action
from tests.unit.ably_local.core.test_rules import create, rule
from tests.unit.ably_local.world import World, bearer, error_of


def publish(world: World, *channels: str) -> None:
    for channel in channels:
        world.request("POST", f"/channels/{channel}/messages", {"data": "x"})


def pages(world: World, target: str) -> list[Any]:
    """The values of all pages, following the links."""
    found = []
    while True:
        response = world.request("GET", target)
        assert response.status == 200
        found.append(response.value)
        links = dict(part.split("; ")[::-1] for part in response.headers["Link"].split(", "))
        if 'rel="next"' not in links:
            return found
        target = "/" + links['rel="next"'].strip("<>./")


def test_channels_are_listed_in_pages_by_name() -> None:
    world = World()
    publish(world, "b", "a", "c", "other")
    assert pages(world, "/channels?limit=3") == [["a", "b", "c"], ["other"]]
    assert pages(world, "/channels?prefix=ot") == [["other"]]


def test_channels_are_listed_with_their_occupancy() -> None:
    world = World()
    client = world.connect()
    client.attach("a")
    client.attach("[meta]log")
    ((details,),) = pages(world, "/channels?by=value")
    assert details["channelId"] == "a"
    assert details["status"]["isActive"] is True
    assert details["status"]["occupancy"]["metrics"]["connections"] == 1
    assert world.request("GET", "/channels", version="2").value == [details]


def test_an_unused_channel_is_not_listed() -> None:
    world = World()
    client = world.connect()
    client.attach("attached")
    publish(world, "published")
    world.pass_ms(45_000)
    assert pages(world, "/channels") == [["attached", "published"]], "for a minute or so"
    world.pass_ms(55_000)
    assert pages(world, "/channels") == [["attached"]]
    assert len(world.request("GET", "/channels/published/messages").value) == 1
    client.say(Action.DETACH, channel="attached")
    world.pass_ms(100_000)
    assert pages(world, "/channels") == [[]]


def test_listing_needs_the_capability_for_all_channels() -> None:
    world = World()
    for capability, status in ({"*": ["channel-metadata"]}, 200), ({"a": ["*"]}, 401):
        token = bearer(world.token(capability=capability))
        assert world.request("GET", "/channels", authorization=token).status == status
    assert error_of(world.request("GET", "/channels?by=size")) == (400, 40003)


def test_one_request_returns_the_presence_of_many_channels() -> None:
    world = World()
    client = world.connect(clientId="me")
    client.attach("a")
    client.say(Action.PRESENCE, channel="a", msgSerial=0, presence=[{"action": 2, "data": "x"}])
    token = bearer(world.token(capability={"a": ["subscribe"], "b": ["subscribe"]}))
    response = world.request("GET", "/presence?channels=a,b,c", authorization=token)
    assert response.status == 200
    assert (response.value["successCount"], response.value["failureCount"]) == (2, 1)
    first, second, third = response.value["results"]
    assert [(item["clientId"], item["data"]) for item in first["presence"]] == [("me", "x")]
    assert second == {"channel": "b", "presence": []}
    assert third["error"]["code"] == 40160
    older = world.request("GET", "/presence?channels=a;b&separator=;", version="2")
    assert [result["channel"] for result in older.value] == ["a", "b"]


@pytest.mark.parametrize(
    ("query", "code"), [("", 40003), ("?channels=" + ",".join(map(str, range(101))), 90010)]
)
def test_a_presence_batch_is_limited(query: str, code: int) -> None:
    assert error_of(World().request("GET", f"/presence{query}")) == (400, code)


def test_a_rule_gets_events_of_channels_that_open_and_close() -> None:
    world = World()
    rule_id = create(world, rule(source="channel.lifecycle"))
    publish(world, "outgoing", "outgoing", "incoming")
    world.pass_ms(100_000)
    opened, closed = [event for _, event in world.invoked]
    assert opened == {
        "source": "channel.lifecycle",
        "appId": "appid",
        "channel": "outgoing",
        "site": "local-A",
        "ruleId": rule_id,
        "name": "channel.opened",
        "data": opened["data"],
    }
    assert opened["data"]["status"]["isActive"] is True
    assert closed["name"] == "channel.closed"
    assert closed["data"]["status"]["isActive"] is False


def test_without_the_envelope_a_rule_gets_only_the_details() -> None:
    world = World()
    create(world, rule(source="channel.lifecycle", enveloped=False))
    publish(world, "outgoing")
    ((_, event),) = world.invoked
    assert event["channelId"] == "outgoing"


def test_the_metachannel_reports_channels_that_open() -> None:
    world = World()
    client = world.connect()
    client.attach("[meta]channel.lifecycle")
    attached = client.attach("[meta]log")
    assert attached["action"] == Action.ATTACHED, "metachannels are not reported"
    client.take()
    publish(world, "a", "a")
    (message,) = client.take(Action.MESSAGE)
    assert message["messages"][0]["name"] == "channel.opened"
    assert json.loads(message["messages"][0]["data"])["channelId"] == "a"
