from typing import Any

import pytest

from ably_local.auth.control_tokens import CAPABILITIES, ControlToken
from ably_local.base.protocol import Action
from ably_local.http.exchange import Response
from tests.unit.ably_local.core.test_rules import AUTHENTICATION, rule
from tests.unit.ably_local.world import World

RULES = "/v1/apps/appid/rules"


def control(world: World, method: str, target: str, body: Any = None) -> Response:
    return world.request(method, target, body, authorization="Bearer control")


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic control"])
def test_the_token_is_required(authorization: str) -> None:
    response = World().request("GET", "/v1/me", authorization=authorization)
    assert response.status == 401
    assert set(response.value) == {"message", "code", "statusCode", "href"}


@pytest.mark.parametrize(
    ("capability", "method", "target"),
    [
        ("read:app", "GET", "/v1/accounts/local/apps"),
        ("write:app", "PATCH", "/v1/apps/appid"),
        ("read:key", "GET", "/v1/apps/appid/keys"),
        ("write:namespace", "POST", "/v1/apps/appid/namespaces"),
        ("read:rule", "GET", RULES),
        ("write:rule", "DELETE", f"{RULES}/none"),
    ],
)
def test_a_token_allows_only_its_capabilities(capability: str, method: str, target: str) -> None:
    world = World()
    others = tuple(each for each in CAPABILITIES if each != capability)
    tokens = {"only": (capability,), "others": others}
    world.service.more_control_tokens = [
        ControlToken(id=text, text=text, capabilities=capabilities)
        for text, capabilities in tokens.items()
    ]
    answers = [world.request(method, target, {}, authorization=f"Bearer {text}") for text in tokens]
    assert [answer.status == 401 for answer in answers] == [False, True]
    assert answers[1].value["code"] == 40160


def test_a_token_shows_itself_and_its_capabilities() -> None:
    world = World()
    world.service.more_control_tokens = [
        ControlToken(id="two", text="second", capabilities=("read:app",))
    ]
    me = world.request("GET", "/v1/me", authorization="Bearer second").value
    assert (me["token"]["id"], me["token"]["capabilities"]) == ("two", ["read:app"])


def test_me_returns_the_account_whose_apps_are_listed() -> None:
    world = World()
    account_id = control(world, "GET", "/v1/me").value["account"]["id"]
    (app,) = control(world, "GET", f"/v1/accounts/{account_id}/apps").value
    assert (app["id"], app["accountId"], app["status"]) == ("appid", account_id, "enabled")
    assert control(world, "GET", "/v1/accounts/other/apps").status == 404


def test_an_app_can_be_created_changed_and_deleted() -> None:
    world = World()
    made = control(world, "POST", "/v1/accounts/local/apps", {"name": "second"})
    assert made.status == 201
    target = f"/v1/apps/{made.value['id']}"
    assert control(world, "PATCH", target, {"name": "renamed"}).value["name"] == "renamed"
    (key,) = control(world, "GET", f"{target}/keys").value
    client = world.connect(key=key["key"])
    assert control(world, "DELETE", target).status == 204
    assert client.received[-1]["action"] == Action.ERROR
    assert control(world, "PATCH", target, {"name": "x"}).status == 404
    assert world.connect(key=key["key"]).received[0]["error"]["code"] == 40101


def test_a_disabled_app_refuses_clients_until_it_is_enabled() -> None:
    world = World()
    token = world.token()
    control(world, "PATCH", "/v1/apps/appid", {"status": "disabled"})
    for credentials in ({}, {"access_token": token}):
        assert world.connect(**credentials).received[0]["error"]["code"] == 40120
    control(world, "PATCH", "/v1/apps/appid", {"status": "enabled"})
    assert world.connect().received[0]["action"] == Action.CONNECTED


def test_an_app_that_wants_tls_is_refused() -> None:
    body = {"name": "x", "tlsOnly": True}
    assert control(World(), "POST", "/v1/accounts/local/apps", body).status == 501


def test_a_created_key_works_within_its_capability_until_it_is_revoked() -> None:
    world = World()
    body = {"name": "reader", "capability": {"chat": ["subscribe"]}}
    made = control(world, "POST", "/v1/apps/appid/keys", body)
    assert made.status == 201
    assert made.value["key"].startswith(f"appid.{made.value['id']}:")
    client = world.connect(key=made.value["key"])
    assert client.attach("chat")["action"] == Action.ATTACHED
    assert client.publish("chat", 0, {"data": "x"})["error"]["code"] == 40160
    target = f"/v1/apps/appid/keys/{made.value['id']}"
    changed = control(world, "PATCH", target, {"capability": {"*": ["*"]}})
    assert changed.value["capability"] == {"*": ["*"]}
    assert control(world, "POST", f"{target}/revoke").status == 200
    assert client.received[-1]["error"]["code"] == 40131
    assert world.connect(key=made.value["key"]).received[0]["error"]["code"] == 40131


def test_a_rule_is_shown_as_documented_without_its_secret() -> None:
    world = World()
    credentials = {
        "authenticationMode": "credentials",
        "accessKeyId": "id",
        "secretAccessKey": "secret",
    }
    made = control(world, "POST", RULES, rule(authentication=credentials)).value
    assert made["ruleType"] == "aws/lambda"
    assert made["requestMode"] == "single"
    assert made["source"] == {"channelFilter": "^outgoing", "type": "channel.message"}
    assert made["version"] == "1.2"
    assert made["target"]["authentication"] == {
        "authenticationMode": "credentials",
        "accessKeyId": "id",
    }
    assert control(world, "GET", f"{RULES}/{made['id']}").value == made
    assert control(world, "GET", RULES).value == [made]


def test_posting_a_rule_twice_creates_two_rules() -> None:
    world = World()
    for _ in range(2):
        control(world, "POST", RULES, rule())
    assert len(control(world, "GET", RULES).value) == 2


def test_a_patch_changes_only_the_fields_that_it_names() -> None:
    world = World()
    made = control(world, "POST", RULES, rule()).value
    target = f"{RULES}/{made['id']}"
    world.pass_ms(1000)
    body = {"ruleType": "aws/lambda", "source": {"channelFilter": "^new"}}
    changed = control(world, "PATCH", target, body).value
    assert changed["source"] == {"channelFilter": "^new", "type": "channel.message"}
    assert changed["target"] == made["target"]
    assert changed["modified"] == made["modified"] + 1000
    for wrong in ({"ruleType": "http"}, {**rule(), "requestMode": "batch"}):
        assert control(world, "PATCH", target, wrong).status == 422
    incomplete = {"ruleType": "aws/lambda", "target": {"functionName": "other"}}
    assert control(world, "PATCH", target, incomplete).status == 422


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"ruleType": None}, 422),
        ({"ruleType": "kafka"}, 501),
        ({"requestMode": "batch"}, 422),
        ({"source": None}, 422),
        ({"source": {"channelFilter": "", "type": "channel.occupancy"}}, 501),
        ({"source": {"channelFilter": "", "type": "nonsense"}}, 422),
        ({"source": {"channelFilter": 1, "type": "channel.message"}}, 422),
        ({"target": {"region": "r", "functionName": "f"}}, 422),
        ({"target": {"functionName": "f", "authentication": AUTHENTICATION}}, 422),
        ({"unknown": 1}, 422),
    ],
)
def test_a_bad_rule_is_refused(change: dict[str, Any], status: int) -> None:
    world = World()
    response = control(world, "POST", RULES, {**rule(), **change})
    assert response.status == status
    assert response.value["statusCode"] == status
    assert world.app.rules == {}


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", f"{RULES}/none", 404),
        ("DELETE", f"{RULES}/none", 404),
        ("GET", "/v1/apps/none/rules", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/apps/appid/queues", 501),
        ("GET", "/v1/apps/appid/stats", 501),
    ],
)
def test_a_missing_resource_gets_another_error_than_an_unsupported_one(
    method: str, target: str, status: int
) -> None:
    assert control(World(), method, target).status == status


def test_a_namespace_can_be_created_changed_and_deleted() -> None:
    world = World()
    target = "/v1/apps/appid/namespaces"
    made = control(world, "POST", target, {"id": "kept", "persisted": True})
    assert (made.status, made.value["persisted"]) == (201, True)
    assert control(world, "PATCH", f"{target}/kept", {"persisted": False}).status == 200
    assert control(world, "GET", target).value[0]["persisted"] is False
    assert control(world, "POST", target, {"id": "b", "batchingEnabled": True}).status == 501
    assert control(world, "DELETE", f"{target}/kept").status == 204
    assert control(world, "GET", target).value == []
