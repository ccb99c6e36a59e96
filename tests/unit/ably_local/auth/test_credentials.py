import base64

import pytest

from tests.unit.ably_local.world import World, bearer, error_of


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        ("", 401, 40106),
        (basic("appid.keyid:wrong"), 401, 40101),
        (basic("appid.nokey:secret"), 401, 40101),
        (basic("noapp.keyid:secret"), 401, 40101),
        (basic("no-key-at-all"), 400, 40005),
        ("Basic %%%", 401, 40101),
        ("Digest x", 400, 40004),
        (bearer("notoken"), 401, 40145),
    ],
)
def test_wrong_credentials_are_refused_with_their_code(
    authorization: str, status: int, code: int
) -> None:
    response = World().request("GET", "/channels/a/messages", authorization=authorization)
    assert error_of(response) == (status, code)


def test_credentials_may_be_in_the_query() -> None:
    world = World()
    target = f"/channels/a/messages?key={world.key.text}"
    assert world.request("GET", target, authorization="").status == 200
    target = f"/channels/a/messages?access_token={world.token()}"
    assert world.request("GET", target, authorization="").status == 200


def test_a_revoked_key_and_its_tokens_are_refused() -> None:
    world = World()
    token = world.token()
    world.key.enabled = False
    for authorization in (basic(world.key.text), bearer(token)):
        response = world.request("GET", "/channels/a/messages", authorization=authorization)
        assert error_of(response) == (401, 40131)


@pytest.mark.parametrize(
    ("owner", "claimed", "accepted"),
    [
        (None, "alice", False),
        ("alice", "alice", True),
        ("alice", "bob", False),
        ("*", "bob", True),
        ("*", "*", False),
    ],
)
def test_a_token_speaks_only_for_its_own_client(
    owner: str | None, claimed: str, *, accepted: bool
) -> None:
    world = World()
    token = world.token(clientId=owner)
    response = world.request(
        "POST",
        "/channels/a/messages",
        {"data": "x", "clientId": claimed},
        authorization=bearer(token),
    )
    if accepted:
        assert response.status == 201
    else:
        assert error_of(response) == (400, 40012)


def test_a_message_gets_the_client_id_of_the_token() -> None:
    world = World()
    token = world.token(clientId="alice")
    world.request("POST", "/channels/a/messages", {"data": "x"}, authorization=bearer(token))
    (message,) = world.request("GET", "/channels/a/messages").value
    assert message["clientId"] == "alice"


def test_a_client_with_a_key_can_name_itself_in_a_header() -> None:
    world = World()
    named = base64.b64encode(b"alice").decode()
    world.request("POST", "/channels/a/messages", {"data": "x"}, x_ably_clientid=named)
    (message,) = world.request("GET", "/channels/a/messages").value
    assert message["clientId"] == "alice"


@pytest.mark.parametrize(
    ("operation", "method", "target"),
    [
        ("publish", "POST", "/channels/a/messages"),
        ("history", "GET", "/channels/a/messages"),
        ("history", "GET", "/channels/a/presence/history"),
        ("subscribe", "GET", "/channels/a/presence"),
        ("channel-metadata", "GET", "/channels/a"),
    ],
)
def test_each_route_needs_its_capability(operation: str, method: str, target: str) -> None:
    world = World()
    body = {"data": "x"} if method == "POST" else None
    denied = world.token(capability={"b": ["*"]})
    response = world.request(method, target, body, authorization=bearer(denied))
    assert error_of(response) == (401, 40160)
    granted = world.token(capability={"a": [operation]})
    assert world.request(method, target, body, authorization=bearer(granted)).status < 300
