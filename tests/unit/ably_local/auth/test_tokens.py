import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from ably_local.auth.keys import generate_key
from ably_local.auth.tokens import sign
from tests.unit.ably_local.world import START_MS, World, bearer, error_of

SECRET = "secret"
NONCE = "0123456789abcdef"


def signed(**changes: Any) -> dict[str, Any]:
    request: dict[str, Any] = {
        "keyName": "appid.keyid",
        "timestamp": START_MS,
        "nonce": NONCE,
        **changes,
    }
    return {"mac": sign("secret", request), **request}


def ask(world: World, request: dict[str, Any]) -> Any:
    return world.request("POST", "/keys/appid.keyid/requestToken", request, authorization="")


def test_the_mac_is_over_the_exact_text_of_the_fields() -> None:
    request = {
        "keyName": "appid.keyid",
        "ttl": 3600000,
        "capability": '{"chat:*":["publish","subscribe"]}',
        "clientId": "alice",
        "timestamp": START_MS,
        "nonce": NONCE,
    }
    assert sign("secret", request) == "My+Xy85bNv6fScZGghGxqjaqSF+vSzP381PWT09r9L0="


def test_a_signed_request_gets_a_token_without_further_credentials() -> None:
    world = World()
    response = ask(world, signed(clientId="alice", ttl=1000, capability='{"a":["publish"]}'))
    details = response.value
    assert response.status == 201
    assert details["keyName"] == "appid.keyid"
    assert (details["issued"], details["expires"]) == (START_MS, START_MS + 1000)
    assert details["capability"] == '{"a":["publish"]}'
    assert details["clientId"] == "alice"
    assert world.service.identify_token(details["token"]).client_id == "alice"


def test_by_default_a_token_lasts_an_hour_and_has_the_capability_of_the_key() -> None:
    details = ask(World(), signed()).value
    assert details["expires"] - details["issued"] == 3_600_000
    assert details["capability"] == '{"*":["*"]}'
    assert "clientId" not in details


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({**signed(), "mac": "x"}, 401, 40101),
        ({**signed(), "ttl": 5}, 401, 40101),
        ({"keyName": "appid.keyid"}, 401, 40101),
        (signed(timestamp=START_MS - 120_001), 401, 40104),
        (signed(timestamp=START_MS + 120_001), 401, 40104),
        (signed(nonce="short"), 400, 40003),
        (signed(ttl=86_400_001), 400, 40003),
        (signed(ttl=-1), 400, 40003),
        (signed(ttl="soon"), 400, 40003),
        (signed(ttl="²"), 400, 40003),
        (signed(ttl="9" * 5000), 400, 40003),
        (signed(clientId=""), 400, 40012),
        (signed(capability='{"a":["fly"]}'), 400, 40000),
        (signed(keyName="appid.other"), 401, 40102),
    ],
)
def test_a_bad_token_request_is_refused(request_: dict[str, Any], status: int, code: int) -> None:
    assert error_of(ask(World(), request_)) == (status, code)


def test_a_timestamp_is_accepted_up_to_two_minutes_off() -> None:
    assert ask(World(), signed(timestamp=START_MS - 120_000)).status == 201


def test_a_nonce_is_accepted_once_while_its_timestamp_is_current() -> None:
    world = World()
    request = signed(timestamp=START_MS + 120_000)
    assert ask(world, request).status == 201
    world.pass_ms(239_000)
    other = signed(timestamp=world.clock.now, nonce="fedcba9876543210")
    assert ask(world, other).status == 201
    assert error_of(ask(world, request)) == (401, 40105)
    world.pass_ms(2_000)
    assert error_of(ask(world, request)) == (401, 40104)


def test_a_refused_request_does_not_use_up_its_nonce() -> None:
    world = World()
    assert ask(world, signed(ttl=-1)).status == 400
    assert ask(world, signed()).status == 201


def test_a_key_gets_no_token_for_a_capability_that_it_lacks() -> None:
    world = World()
    world.key.capability = {"a": ["subscribe"]}
    assert error_of(ask(world, signed(capability='{"b":["subscribe"]}'))) == (401, 40160)


def test_tokens_of_a_revocable_key_last_an_hour_at_most() -> None:
    world = World()
    world.key.revocable_tokens = True
    assert error_of(ask(world, signed(ttl=3_600_001))) == (400, 40003)


def test_a_key_gets_no_token_for_another_key() -> None:
    world = World()
    world.app.add_key(generate_key("appid", now_ms=START_MS))
    (other,) = set(world.app.keys) - {"keyid"}
    response = world.request("POST", f"/keys/appid.{other}/requestToken", {})
    assert error_of(response) == (401, 40102)


def test_a_request_with_the_key_itself_needs_no_signature() -> None:
    world = World()
    response = world.request("POST", "/keys/appid.keyid/requestToken", {"ttl": 1000})
    assert response.status == 201


@pytest.mark.parametrize(
    ("key_name", "status", "code"),
    [("nokey", 400, 40005), ("noapp.keyid", 404, 40400), ("appid.nokey", 401, 40101)],
)
def test_an_unknown_key_gets_no_token(key_name: str, status: int, code: int) -> None:
    response = World().request("POST", f"/keys/{key_name}/requestToken", {}, authorization="")
    assert error_of(response) == (status, code)


def test_an_expired_token_gets_another_error_than_an_unknown_one() -> None:
    world = World()
    token = world.token(ttl=1000)
    history = "/channels/a/messages"
    assert world.request("GET", history, authorization=bearer(token)).status == 200
    world.pass_ms(1000)
    assert error_of(world.request("GET", history, authorization=bearer(token))) == (401, 40142)
    unknown = bearer("appid.none")
    assert error_of(world.request("GET", history, authorization=unknown)) == (401, 40143)


def jwt(secret: str = SECRET, *, alg: str = "HS256", **claims: Any) -> str:
    def part(value: object) -> str:
        text = json.dumps(value).encode()
        return base64.urlsafe_b64encode(text).decode().rstrip("=")

    given = {"iat": START_MS // 1000, "exp": START_MS // 1000 + 60, **claims}
    head = f"{part({'alg': alg, 'typ': 'JWT', 'kid': 'appid.keyid'})}.{part(given)}"
    mac = hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def test_a_jwt_is_a_token() -> None:
    world = World()
    claims = {"x-ably-capability": '{"a":["history"]}', "x-ably-clientId": "alice"}
    identity = world.service.identify_token(jwt(**claims))
    assert (identity.client_id, identity.capability) == ("alice", {"a": ["history"]})
    assert identity.expires_ms == START_MS + 60_000
    response = world.request("GET", "/channels/b/messages", authorization=bearer(jwt(**claims)))
    assert error_of(response) == (401, 40160)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (jwt("wrong"), 40144),
        (jwt(alg="none"), 40144),
        (jwt(exp=START_MS // 1000), 40142),
        (jwt(exp=None), 40144),
    ],
)
def test_a_bad_jwt_is_refused(token: str, code: int) -> None:
    response = World().request("GET", "/channels/a/messages", authorization=bearer(token))
    assert error_of(response) == (401, code)
