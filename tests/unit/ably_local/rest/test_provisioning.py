import base64
import json
from typing import Any

import pytest

from ably_local.base.protocol import Action
from ably_local.http.exchange import Response
from tests.unit.ably_local.world import World, error_of

MEMBERS = [
    {"clientId": "plain", "data": "24"},
    {"clientId": "decoded", "data": '{"a":1}', "encoding": "json"},
    {"clientId": "binary", "data": "AQI=", "encoding": "json/utf-8/cipher+aes-128-cbc/base64"},
]
SETUP: dict[str, Any] = {
    "limits": {"presence": {"maxMembers": 4}},
    "keys": [
        {},
        {"capability": '{"channel0":["publish"]}'},
        {"revocableTokens": True},
    ],
    "namespaces": [
        {"id": "persisted", "persisted": True},
        {"id": "pushenabled", "pushEnabled": True},
        {"id": "mutable", "mutableMessages": True},
    ],
    "channels": [{"name": "persisted:fixtures", "presence": MEMBERS}],
}


def provision(world: World, body: Any = SETUP) -> Response:
    return world.request(
        "POST", "/apps", body, authorization="", host="localhost:9010", version="2"
    )


def basic(key: dict[str, Any]) -> str:
    return "Basic " + base64.b64encode(key["keyStr"].encode()).decode()


def test_an_app_is_created_as_its_setup_describes() -> None:
    world = World(provisioning=True)
    response = provision(world)
    assert response.status == 201
    app = response.value
    assert (app["endpoint"], app["port"], app["tls"]) == ("localhost", 9010, False)
    assert [each["id"] for each in app["namespaces"]] == ["persisted", "pushenabled", "mutable"]
    first, second, third = app["keys"]
    assert json.loads(first["capability"]) == {"*": ["*"]}
    assert json.loads(second["capability"]) == {"channel0": ["publish"]}
    assert [each["revocableTokens"] for each in app["keys"]] == [False, False, True]
    assert first["keyStr"] == f"{app['appId']}.{first['id']}:{first['value']}"
    assert third["keyName"] == f"{app['appId']}.{third['id']}"


def test_apps_on_one_port_are_distinguished_by_the_key() -> None:
    world = World(provisioning=True)
    apps = [provision(world).value for _ in range(2)]
    keys = [app["keys"][0] for app in apps]
    subscriber = world.connect(key=keys[1]["keyStr"])
    subscriber.attach("chat")
    body = {"data": "x"}
    sent = world.request("POST", "/channels/chat/messages", body, authorization=basic(keys[0]))
    assert sent.status == 201
    assert subscriber.take() == []
    here, there = (
        world.request("GET", "/channels/chat/messages", authorization=basic(key)).value
        for key in keys
    )
    assert (len(here), there) == (1, [])


def test_members_of_the_setup_are_present_and_never_leave() -> None:
    world = World(provisioning=True)
    key = provision(world).value["keys"][0]
    world.pass_ms(200_000)
    target = "/channels/persisted:fixtures/presence"
    members = world.request("GET", target, authorization=basic(key)).value
    assert [(each["clientId"], each["action"]) for each in members] == [
        ("plain", 1),
        ("decoded", 1),
        ("binary", 1),
    ]
    assert [each.get("encoding") for each in members] == [None, "json", MEMBERS[2]["encoding"]]
    history = world.request("GET", f"{target}/history", authorization=basic(key)).value
    assert [each["action"] for each in history] == [2, 2, 2]


def test_the_app_has_the_limits_of_its_setup() -> None:
    world = World(provisioning=True)
    key = provision(world).value["keys"][0]["keyStr"]
    client = world.connect(key=key)
    client.attach("persisted:fixtures")
    client.take()
    for serial, name in enumerate(("fourth", "fifth")):
        member = {"action": 2, "clientId": name}
        client.say(
            Action.PRESENCE, channel="persisted:fixtures", msgSerial=serial, presence=[member]
        )
    refused = client.take(Action.ACK, Action.NACK)
    assert [each["action"] for each in refused] == [Action.ACK, Action.NACK]
    assert refused[1]["error"]["code"] == 91003


def test_an_app_can_be_deleted_with_one_of_its_keys() -> None:
    world = World(provisioning=True)
    app = provision(world).value
    client = world.connect(key=app["keys"][0]["keyStr"])
    target = f"/apps/{app['appId']}"
    assert error_of(world.request("DELETE", target)) == (401, 40102)
    assert error_of(world.request("DELETE", target, authorization="")) == (401, 40106)
    deleted = world.request("DELETE", target, authorization=basic(app["keys"][1]))
    assert deleted.status == 204
    assert client.received[-1]["action"] == Action.ERROR
    assert app["appId"] not in world.service.apps


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"keys": [{}, {"capability": 1}]}, "keys[1].capability"),
        ({"keys": {}}, "keys"),
        ({"channels": [{"presence": []}]}, "channels[0].name"),
        ({"connections": []}, "connections"),
        ({"limits": {"presence": {"maxMembers": "4"}}}, "limits.presence.maxMembers"),
    ],
)
def test_an_invalid_setup_creates_no_app(body: Any, field: str) -> None:
    world = World(provisioning=True)
    response = provision(world, body)
    assert response.status == 422
    assert field in response.value["error"]["message"]
    assert len(world.service.apps) == 1


def test_statistics_fixtures_are_refused_by_name() -> None:
    world = World(provisioning=True)
    response = world.request("POST", "/stats", [{"intervalId": "2025-02-03:15:03"}])
    assert error_of(response) == (501, 50100)
    assert "statistics" in response.value["error"]["message"]
