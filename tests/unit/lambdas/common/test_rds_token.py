"""The database token: the one that boto3's client for RDS makes, which is AWS's own word for it."""

from typing import TypedDict

import boto3
import pytest

from lambdas.common.errors import SecretUnavailableError
from lambdas.common.rds_token import rds_token


class Place(TypedDict):
    host: str
    port: int
    user: str


DATABASE = Place(host="db.eu-west-1.rds.amazonaws.com", port=5432, user="ably_chat")


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function's credentials, as Lambda gives them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session/token+=")


def by_boto3() -> str:
    client = boto3.Session().client("rds", region_name="eu-west-1")
    token: str = client.generate_db_auth_token(
        DBHostname=DATABASE["host"], Port=DATABASE["port"], DBUsername=DATABASE["user"]
    )
    return token


@pytest.mark.usefixtures("credentials")
def test_it_is_what_boto3_makes() -> None:
    before, after = "", "not made yet"
    while before != after:  # a token holds the second in which it was made
        before = by_boto3()
        ours = rds_token(**DATABASE, region="eu-west-1")
        after = by_boto3()
    assert ours == before


def test_a_function_without_credentials_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(key, raising=False)
    for key in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(key, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SecretUnavailableError, match="there are no credentials"):
        rds_token(**DATABASE, region="eu-west-1")
