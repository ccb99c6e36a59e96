from typing import Any

import pytest

from ably_local.base.protocol import Action, PresenceAction
from tests.unit.ably_local.world import START_MS, World, bearer, error_of

AUTHENTICATION = {"authenticationMode": "assumeRole", "assumeRoleArn": "arn:aws:iam::1:role/x"}


def rule(
    channel_filter: str = "^outgoing", source: str = "channel.message", **target: Any
) -> dict[str, Any]:
    return {
        "ruleType": "aws/lambda",
        "requestMode": "single",
        "source": {"channelFilter": channel_filter, "type": source},
        "target": {
            "region": "eu-west-1",
            "functionName": "ingest",
            "authentication": AUTHENTICATION,
            **target,
        },
    }


def http_rule(
    mode: str = "batch", source: str = "channel.message", **target: Any
) -> dict[str, Any]:
    return {
        "ruleType": "http",
        "requestMode": mode,
        "source": {"channelFilter": "^outgoing", "type": source},
        "target": {"url": "http://localhost/hook", "format": "json", **target},
    }


def create(world: World, body: dict[str, Any]) -> str:
    response = world.request("POST", "/v1/apps/appid/rules", body, authorization="Bearer control")
    assert response.status == 201
    rule_id: str = response.value["id"]
    return rule_id


def test_each_message_makes_its_own_enveloped_event() -> None:
    world = World()
    rule_id = create(world, rule())
    client = world.connect(clientId="alice")
    client.publish("outgoing-chat", 3, {"name": "chatMsg", "data": '{"a":1}', "encoding": "json"})
    ((invoked, event),) = world.invoked
    assert invoked.function_name == "ingest"
    serial = event["messages"][0].pop("serial")
    assert serial
    assert event == {
        "source": "channel.message",
        "appId": "appid",
        "channel": "outgoing-chat",
        "site": "local-A",
        "ruleId": rule_id,
        "messages": [
            {
                "id": f"{client.live.id}:3:0",
                "name": "chatMsg",
                "data": '{"a":1}',
                "encoding": "json",
                "clientId": "alice",
                "connectionId": client.live.id,
                "timestamp": START_MS,
                "action": 0,
            }
        ],
    }


def test_an_array_makes_one_event_for_each_message_in_order() -> None:
    world = World()
    create(world, rule())
    world.request("POST", "/channels/outgoing/messages", [{"data": "a"}, {"data": b"".hex()}])
    world.request("POST", "/channels/outgoing/messages", {"data": "/w==", "encoding": "base64"})
    events = [event["messages"] for _, event in world.invoked]
    assert [[item["data"] for item in items] for items in events] == [["a"], [""], ["/w=="]]
    assert events[2][0]["encoding"] == "base64"
    assert "connectionId" not in events[0][0]


def test_without_the_envelope_the_event_is_the_message() -> None:
    world = World()
    create(world, rule(enveloped=False))
    world.request("POST", "/channels/outgoing/messages", {"name": "n", "data": "a"})
    ((_, event),) = world.invoked
    assert (event["name"], event["data"]) == ("n", "a")


@pytest.mark.parametrize(
    ("channel_filter", "channel", "matches"),
    [
        ("^outgoing", "outgoing-chat", True),
        ("^outgoing", "my-outgoing", False),
        ("outgoing", "my-outgoing", True),
        ("", "anything", True),
        ("^a:(b|c)$", "a:c", True),
        ("", "[meta]log", False),
    ],
)
def test_the_filter_searches_the_whole_name(
    channel_filter: str, channel: str, *, matches: bool
) -> None:
    world = World()
    create(world, rule(channel_filter))
    if channel.startswith("[meta]"):
        from ably_local.core.publishing import announce

        announce(world.app, channel, "n", "{}")
    else:
        world.connect().publish(channel, 0, {"data": "x"})
    assert bool(world.invoked) is matches


@pytest.mark.parametrize(
    "channel_filter", ["(?=x)", "(?!x)", "(?<=x)", "(?<!x)", r"(a)\1", "(?P<n>a)(?P=n)", "(", "a++"]
)
def test_a_filter_that_re2_does_not_support_is_refused(channel_filter: str) -> None:
    response = World().request(
        "POST", "/v1/apps/appid/rules", rule(channel_filter), authorization="Bearer control"
    )
    assert (response.status, response.value["code"]) == (400, 40035)


def test_duplicates_and_ephemeral_messages_run_no_rule() -> None:
    world = World()
    create(world, rule())
    for _ in range(2):
        world.request("POST", "/channels/outgoing/messages", {"id": "once", "data": "x"})
    ephemeral = {"data": "x", "extras": {"ephemeral": True}}
    world.request("POST", "/channels/outgoing/messages", ephemeral)
    assert len(world.invoked) == 1


def test_a_message_may_skip_rules_where_the_capability_allows() -> None:
    world = World()
    first, second = create(world, rule()), create(world, rule())
    for skip in ("*", [first]):
        message = {"data": "x", "extras": {"privileged": {"skipRule": skip}}}
        assert world.request("POST", "/channels/outgoing/messages", message).status == 201
    assert [invoked.id for invoked, _ in world.invoked] == [second]
    token = bearer(world.token(capability={"*": ["publish"]}))
    response = world.request("POST", "/channels/outgoing/messages", message, authorization=token)
    assert error_of(response) == (401, 40160)


def test_presence_runs_the_rules_of_presence() -> None:
    world = World()
    create(world, rule(source="channel.message"))
    create(world, rule(source="channel.presence"))
    client = world.connect(clientId="alice")
    client.attach("outgoing")
    member = {"action": PresenceAction.ENTER, "data": "hi"}
    client.say(Action.PRESENCE, channel="outgoing", msgSerial=0, presence=[member])
    ((_, event),) = world.invoked
    assert event["source"] == "channel.presence"
    (item,) = event["presence"]
    assert (item["action"], item["clientId"], item["data"]) == (2, "alice", "hi")


def test_a_disabled_or_deleted_rule_does_not_run() -> None:
    world = World()
    rule_id = create(world, rule())
    target = f"/v1/apps/appid/rules/{rule_id}"
    control = {"authorization": "Bearer control"}
    body = {"ruleType": "aws/lambda", "status": "disabled"}
    assert world.request("PATCH", target, body, **control).value["status"] == "disabled"
    world.connect().publish("outgoing", 0, {"data": "x"})
    body["status"] = "enabled"
    world.request("PATCH", target, body, **control)
    world.connect().publish("outgoing", 0, {"data": "y"})
    assert world.request("DELETE", target, **control).status == 204
    world.connect().publish("outgoing", 0, {"data": "z"})
    assert [event["messages"][0]["data"] for _, event in world.invoked] == ["y"]


def test_a_batch_has_one_item_for_each_publication() -> None:
    world = World()
    rule_id = create(world, http_rule())
    world.request("POST", "/channels/outgoing/messages", [{"data": "a"}, {"data": "b"}])
    ((_, item),) = world.invoked
    assert item["data"].keys() == {"channelId", "site", "messages"}
    assert [message["data"] for message in item["data"]["messages"]] == ["a", "b"]
    assert (item["webhookId"], item["source"]) == (rule_id, "channel.message")
    assert (item["name"], item["timestamp"]) == ("channel.message", START_MS)
    assert item["data"]["messages"][0]["serial"].startswith(item["serial"])


def test_a_batch_reports_presence_and_lifecycle_by_channel_name() -> None:
    world = World()
    for source in ("channel.presence", "channel.lifecycle"):
        create(world, http_rule(source=source))
    client = world.connect(clientId="me")
    client.attach("outgoing")
    client.say(Action.PRESENCE, channel="outgoing", msgSerial=0, presence=[{"action": 2}])
    opened, entered = [event for _, event in world.invoked]
    assert (opened["name"], opened["data"]["channelId"]) == ("channel.opened", "outgoing")
    assert entered["name"] == "presence.message"
    assert entered["data"]["presence"][0]["clientId"] == "me"


def test_a_batch_omits_messages_that_skip_the_rule() -> None:
    world = World()
    rule_id = create(world, http_rule())
    skipping = {"data": "a", "extras": {"privileged": {"skipRule": [rule_id]}}}
    world.request("POST", "/channels/outgoing/messages", [skipping, {"data": "b"}])
    world.request("POST", "/channels/outgoing/messages", skipping)
    ((_, item),) = world.invoked
    assert [message["data"] for message in item["data"]["messages"]] == ["b"]
