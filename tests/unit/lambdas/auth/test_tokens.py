"""TokenRequests: the SDK signs as Ably's documents say."""

import base64
import hashlib
import hmac
import json

import pytest

from lambdas.auth.tokens import TokenRequests, capability
from lambdas.common.errors import SecretUnavailableError


def mac(secret: str, text: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)).decode()


def test_our_own_signing_agrees_with_the_worked_example() -> None:
    text = (
        'appid.keyid\n3600000\n{"chat:*":["publish","subscribe"]}\nalice\n'
        "1700000000000\n0123456789abcdef\n"
    )
    assert mac("secret", text) == "My+Xy85bNv6fScZGghGxqjaqSF+vSzP381PWT09r9L0="


def test_a_token_request_is_signed_over_what_it_says() -> None:
    made = TokenRequests("appid.keyid:secret").create(
        client_id="clientId-x", ttl_seconds=60, capability={"chat": ["publish"]}
    )
    text = "".join(
        f"{made[key]}\n"
        for key in ("keyName", "ttl", "capability", "clientId", "timestamp", "nonce")
    )
    assert made["mac"] == mac("secret", text)
    assert made["keyName"] == "appid.keyid"
    assert made["ttl"] == 60_000
    assert json.loads(made["capability"]) == {"chat": ["publish"]}
    assert len(made["nonce"]) >= 16


def test_no_two_token_requests_have_the_same_nonce() -> None:
    requests = TokenRequests("appid.keyid:secret")
    nonces = {
        requests.create(client_id="x", ttl_seconds=60, capability={})["nonce"] for _ in range(100)
    }
    assert len(nonces) == 100


def test_the_page_may_do_no_more_than_it_needs() -> None:
    assert capability(outgoing_channel="out", incoming_channel="in") == {
        "out": ["presence", "publish", "subscribe"],
        "in": ["history", "subscribe"],
    }


@pytest.mark.parametrize("key", ["", "hunter2", "app.hunter2", "hunter2:", ":hunter2"])
def test_what_is_no_key_is_said_without_showing_it(key: str) -> None:
    with pytest.raises(SecretUnavailableError) as raised:
        TokenRequests(key)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__context__ is None
