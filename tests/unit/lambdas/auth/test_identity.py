"""A browser's identity in its signed cookie."""

import re

import pytest

from lambdas.auth.identity import COOKIE_NAME, Identity

IDENTITY = Identity("key secret")


def cookie_value(identity: Identity, client_id: str) -> str:
    return identity.cookie(client_id, secure=True).partition(";")[0].partition("=")[2]


def test_a_browser_without_a_cookie_gets_an_id_that_nobody_can_guess() -> None:
    ids = {IDENTITY.client_id({}) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"clientId-[A-Za-z0-9_-]{22}", made) for made in ids)


def test_a_browser_with_its_cookie_keeps_its_id() -> None:
    client_id = IDENTITY.client_id({})
    assert IDENTITY.client_id({COOKIE_NAME: cookie_value(IDENTITY, client_id)}) == client_id


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    attributes = IDENTITY.cookie("clientId-x", secure=True).split("; ")[1:]
    assert attributes == ["Max-Age=34560000", "Path=/", "HttpOnly", "SameSite=Lax", "Secure"]
    assert "Secure" not in IDENTITY.cookie("clientId-x", secure=False)


def test_a_cookie_of_another_key_is_worth_nothing() -> None:
    client_id = IDENTITY.client_id({})
    value = cookie_value(Identity("another"), client_id)
    assert IDENTITY.client_id({COOKIE_NAME: value}) != client_id


OWN = "clientId-AAAAAAAAAAAAAAAAAAAAAA"  # not at random: it is in the names of tests
OTHER = "clientId-BBBBBBBBBBBBBBBBBBBBBB"
SIGNATURE = cookie_value(IDENTITY, OWN).partition(".")[2]


def test_the_id_that_is_forged_is_one_that_its_cookie_keeps() -> None:
    assert IDENTITY.client_id({COOKIE_NAME: f"{OWN}.{SIGNATURE}"}) == OWN


@pytest.mark.parametrize(
    "forged",
    [
        f"{OTHER}.{SIGNATURE}",
        f"{OTHER}.{SIGNATURE.upper()}",
        OTHER,
        f"{OTHER}.",
        "",
        ".",
        f"{OTHER}.é",
        f"{OTHER}.\ud800",
    ],
)
def test_nobody_takes_another_s_id(forged: str) -> None:
    assert IDENTITY.client_id({COOKIE_NAME: forged}) not in {OWN, OTHER}


def test_a_signed_id_of_another_form_is_not_taken() -> None:
    value = cookie_value(IDENTITY, "admin")
    assert IDENTITY.client_id({COOKIE_NAME: value}) != "admin"
