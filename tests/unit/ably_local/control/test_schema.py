from typing import Any

import pytest

from tests.unit.ably_local.control import schema
from tests.unit.ably_local.control.test_control import RULES, control
from tests.unit.ably_local.core.test_rules import http_rule, rule
from tests.unit.ably_local.world import World

APPS = "/v1/accounts/local/apps"
KEYS = "/v1/apps/appid/keys"
NAMESPACES = "/v1/apps/appid/namespaces"
CREDENTIALS = {
    "authenticationMode": "credentials",
    "accessKeyId": "id",
    "secretAccessKey": "secret",
}
KEY = {"name": "x", "capability": {"*": ["publish"]}}
RESOURCES = [
    (APPS, "/v1/apps/{}", schema.APP, {"name": "x"}, {"status": "disabled"}),
    (KEYS, KEYS + "/{}", schema.KEY, KEY, {"name": "y"}),
    (NAMESPACES, NAMESPACES + "/{}", schema.NAMESPACE, {"id": "x"}, {"persisted": True}),
    (RULES, RULES + "/{}", schema.LAMBDA_RULE, rule(), {"ruleType": "aws/lambda"}),
    (
        RULES,
        RULES + "/{}",
        schema.LAMBDA_RULE,
        rule(authentication=CREDENTIALS, enveloped=None),
        {"ruleType": "aws/lambda", "status": "disabled"},
    ),
    (
        RULES,
        RULES + "/{}",
        schema.HTTP_RULE,
        http_rule(headers=[{"name": "X-Mine", "value": "1"}], signingKeyId="keyid"),
        {"ruleType": "http", "target": {"url": "http://localhost/b", "format": "json"}},
    ),
]


@pytest.mark.parametrize(("collection", "single", "shape", "body", "change"), RESOURCES)
def test_a_resource_looks_the_same_in_every_answer(
    collection: str, single: str, shape: schema.Shape, body: dict[str, Any], change: dict[str, Any]
) -> None:
    world = World()
    made = control(world, "POST", collection, body)
    assert made.status == 201
    schema.check(shape, made.value)
    changed = control(world, "PATCH", single.format(made.value["id"]), change)
    assert changed.status == 200
    schema.check(shape, changed.value)
    listed = control(world, "GET", collection)
    assert listed.status == 200
    assert changed.value in listed.value
    for each in listed.value:
        schema.check(shape, each)


def test_the_token_shows_all_documented_fields() -> None:
    schema.check(schema.ME, control(World(), "GET", "/v1/me").value)


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("GET", "/v1/me/else", None, 404),
        ("PATCH", "/v1/apps/none", {}, 404),
        ("POST", APPS, {}, 422),
        ("POST", APPS, {"name": "x", "status": "asleep"}, 422),
        ("PATCH", "/v1/apps/appid", {"status": "asleep"}, 422),
        ("POST", KEYS, {"name": "x"}, 422),
        ("POST", KEYS, {"name": "x", "capability": {"a": ["fly"]}}, 400),
        ("PATCH", f"{KEYS}/none", {"name": "x"}, 404),
        ("POST", NAMESPACES, {"persisted": True}, 422),
        ("POST", NAMESPACES, {"id": "x", "persisted": "yes"}, 422),
        ("PATCH", f"{NAMESPACES}/none", {}, 404),
        ("DELETE", f"{NAMESPACES}/none", None, 404),
        ("PATCH", f"{RULES}/none", {"ruleType": "aws/lambda"}, 404),
        ("POST", RULES, {**rule(), "status": "asleep"}, 422),
        ("POST", RULES, http_rule(url="ftp://localhost"), 422),
        ("POST", RULES, http_rule(signingKeyId="nobody"), 422),
        ("POST", RULES, http_rule(headers=["X"]), 422),
        ("POST", RULES, http_rule(format="msgpack"), 501),
        ("POST", RULES, http_rule("single", enveloped=False), 501),
        ("POST", RULES, {**rule(), "requestMode": "batch"}, 422),
        ("GET", "/v1/apps/appid/queues", None, 501),
    ],
)
def test_a_refusal_is_an_error_object_with_the_right_status(
    method: str, target: str, body: Any, status: int
) -> None:
    response = control(World(), method, target, body)
    assert response.status == status
    schema.check(schema.ERROR, response.value)
    assert response.value["statusCode"] == status


def test_a_channel_follows_a_changed_namespace_immediately() -> None:
    world = World()
    for channel in ("chat:1", "chat", "chatter"):
        world.request("POST", f"/channels/{channel}/messages", {"data": "x"})
    assert control(world, "POST", NAMESPACES, {"id": "chat", "persisted": True}).status == 201
    world.pass_ms(200_000)

    def kept(channel: str) -> int:
        return len(world.request("GET", f"/channels/{channel}/messages").value)

    assert [kept(channel) for channel in ("chat:1", "chat", "chatter")] == [1, 1, 0]
    assert control(world, "DELETE", f"{NAMESPACES}/chat").status == 204
    assert [kept(channel) for channel in ("chat:1", "chat")] == [0, 0]


def test_a_namespace_id_is_unique() -> None:
    world = World()
    assert control(world, "POST", NAMESPACES, {"id": "x", "persisted": True}).status == 201
    assert control(world, "POST", NAMESPACES, {"id": "x"}).status == 422
    assert control(world, "GET", NAMESPACES).value[0]["persisted"] is True


@pytest.mark.parametrize(
    ("target", "body", "code", "already"),
    [
        (APPS, {"name": "x"}, 40128, 1),
        (KEYS, {"name": "x", "capability": {"*": ["*"]}}, 40127, 1),
        (NAMESPACES, {"id": "x"}, 40126, 0),
        (RULES, rule(), 40125, 0),
    ],
)
def test_there_are_a_hundred_of_each_at_most(
    target: str, body: dict[str, Any], code: int, already: int
) -> None:
    world = World()
    numbered = [{**body, "id": str(number)} if "id" in body else body for number in range(100)]
    statuses = [control(world, "POST", target, each).status for each in numbered[already:]]
    assert set(statuses) == {201}
    refused = control(world, "POST", target, body)
    assert (refused.status, refused.value["code"]) == (422, code)
