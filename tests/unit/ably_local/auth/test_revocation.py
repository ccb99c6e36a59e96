from typing import Any

import pytest

from ably_local.auth.keys import generate_key
from ably_local.base.protocol import Action
from ably_local.http.exchange import Response
from tests.unit.ably_local.auth.test_tokens import jwt
from tests.unit.ably_local.world import START_MS, Client, World, bearer, error_of

TARGET = "/keys/appid.keyid/revokeTokens"
HOUR_S = 3600


def revocable() -> World:
    world = World()
    world.key.revocable_tokens = True
    return world


def revoke(world: World, *targets: str, version: str = "5", **options: Any) -> Response:
    return world.request("POST", TARGET, {"targets": targets, **options}, version=version)


def last_error(client: Client) -> tuple[Action, int]:
    message = client.received[-1]
    return message["action"], message["error"]["code"]


def test_revoked_tokens_are_invalid_for_requests_and_connections() -> None:
    world = revocable()
    tokens = {name: world.token(clientId=name) for name in ("alice", "bob")}
    alice, bob = (world.connect(access_token=token) for token in tokens.values())
    world.pass_ms(1)
    response = revoke(world, "clientId:alice")
    assert response.status == 201
    at = START_MS + 1
    result = {"target": "clientId:alice", "issuedBefore": at, "appliesAt": at}
    assert response.value == {"successCount": 1, "failureCount": 0, "results": [result]}
    assert last_error(alice) == (Action.DISCONNECTED, 40141)
    assert alice.closed
    assert not bob.closed
    history = "/channels/a/messages"
    refused = world.request("GET", history, authorization=bearer(tokens["alice"]))
    assert error_of(refused) == (401, 40141)
    assert world.request("GET", history, authorization=bearer(tokens["bob"])).status == 200
    fresh = world.token(clientId="alice")
    assert world.connect(access_token=fresh).received[0]["action"] == Action.CONNECTED


def test_only_tokens_issued_before_the_revocation_are_invalid() -> None:
    world = revocable()
    old = world.token(clientId="alice")
    world.pass_ms(1000)
    new = world.token(clientId="alice")
    clients = [world.connect(access_token=token) for token in (old, new)]
    revoke(world, "clientId:alice", issuedBefore=START_MS + 1000)
    assert [client.closed for client in clients] == [True, False]


def test_tokens_of_another_key_stay_valid() -> None:
    world = revocable()
    other = generate_key("appid", now_ms=START_MS)
    other.revocable_tokens = True
    world.app.add_key(other)
    token = world.app.tokens.request(other, {"clientId": "alice"}, trusted=True).token
    client = world.connect(access_token=token)
    world.pass_ms(1)
    revoke(world, "clientId:alice")
    assert not client.closed


def test_a_revocation_survives_the_next_one() -> None:
    world = revocable()
    token = world.token(clientId="alice")
    world.pass_ms(1)
    for target in ("clientId:alice", "clientId:bob"):
        revoke(world, target)
        world.pass_ms(60_000)
    assert world.connect(access_token=token).received[0]["error"]["code"] == 40141


def test_a_token_is_valid_until_the_margin_ends() -> None:
    world = revocable()
    token = world.token(clientId="alice")
    world.pass_ms(1)
    revoke(world, "clientId:alice", allowReauthMargin=True)
    for wait_ms, action in ((29_999, Action.CONNECTED), (1, Action.ERROR)):
        world.pass_ms(wait_ms)
        assert world.connect(access_token=token).received[0]["action"] == action


def test_a_margin_lets_a_client_renew_its_token_first() -> None:
    world = revocable()
    careful, careless = (world.connect(access_token=world.token(clientId="a")) for _ in range(2))
    world.pass_ms(1)
    response = revoke(world, "clientId:a", allowReauthMargin=True)
    assert response.value["results"][0]["appliesAt"] == START_MS + 30_001
    assert all(client.received[-1]["action"] == Action.AUTH for client in (careful, careless))
    careful.say(Action.AUTH, auth={"accessToken": world.token(clientId="a")})
    world.pass_ms(29_999)
    assert not careless.closed
    world.pass_ms(1)
    assert last_error(careless) == (Action.DISCONNECTED, 40141)
    assert not careful.closed


def test_a_jwt_is_revoked_by_its_revocation_key() -> None:
    world = revocable()
    claims: dict[str, Any] = {"iat": START_MS // 1000, "exp": START_MS // 1000 + HOUR_S}
    token = jwt(**claims, **{"x-ably-revocation-key": "group:1"})
    other = world.connect(access_token=jwt(**claims))
    client = world.connect(access_token=token)
    world.pass_ms(1)
    revoke(world, "revocationKey:group:1")
    assert last_error(client) == (Action.DISCONNECTED, 40141)
    assert not other.closed


@pytest.mark.parametrize(
    ("target", "void"), [("foo:*", True), ("foo:bar", False), ("*:*", False), ("*", False)]
)
def test_a_channel_is_the_exact_resource_of_the_capability(target: str, *, void: bool) -> None:
    world = revocable()
    client = world.connect(access_token=world.token(capability={"foo:*": ["subscribe"]}))
    world.pass_ms(1)
    revoke(world, f"channel:{target}")
    assert client.closed is void


def test_a_token_issued_before_its_key_could_revoke_stays_valid() -> None:
    world = World()
    client = world.connect(access_token=world.token(clientId="alice"))
    world.pass_ms(1)
    world.key.revocable_tokens = True
    revoke(world, "clientId:alice")
    assert not client.closed


def test_a_revocable_jwt_lives_for_an_hour_at_most() -> None:
    world = revocable()
    token = jwt(iat=START_MS // 1000, exp=START_MS // 1000 + HOUR_S + 1)
    assert world.connect(access_token=token).received[0]["error"]["code"] == 40144
    world.key.revocable_tokens = False
    assert world.connect(access_token=token).received[0]["action"] == Action.CONNECTED


def test_the_errors_of_a_revocation_are_reported_per_target() -> None:
    world = revocable()
    answer = revoke(world, "clientId:alice", "invalidType:abc", "clientId:").value
    assert (answer["successCount"], answer["failureCount"]) == (1, 2)
    assert answer["results"][1]["target"] == "invalidType:abc"
    assert answer["results"][1]["error"]["statusCode"] == 400
    older = revoke(world, "clientId:alice", "invalidType:abc", version="2")
    assert error_of(older) == (400, 40020)
    assert len(older.value["batchResponse"]) == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"targets": []},
        {"targets": ["clientId:a"] * 101},
        {"targets": ["clientId:a"], "issuedBefore": START_MS + 1},
        {"targets": ["clientId:a"], "issuedBefore": START_MS - HOUR_S * 1000 - 1},
        {"targets": ["clientId:a"], "issuedBefore": "now"},
    ],
)
def test_an_out_of_bounds_request_revokes_nothing(body: Any) -> None:
    assert error_of(revocable().request("POST", TARGET, body)) == (400, 40003)


def test_tokens_are_revoked_only_by_the_key_that_issued_them() -> None:
    world = revocable()
    body = {"targets": ["clientId:a"]}
    token = bearer(world.token())
    assert error_of(world.request("POST", TARGET, body, authorization=token)) == (401, 40162)
    world.app.add_key(other := world.service.create_app("x").keys.popitem()[1])
    other.app_id = "appid"
    target = f"/keys/{other.key_name}/revokeTokens"
    assert error_of(world.request("POST", target, body)) == (401, 40133)
    world.key.revocable_tokens = False
    assert error_of(world.request("POST", TARGET, body)) == (401, 40163)
