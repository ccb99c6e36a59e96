"""The database token: the one that boto3's client for RDS makes, which is AWS's own word for it."""

import boto3
import pytest

from connector_task.config.choices import DatabaseAuth, SslMode
from connector_task.config.database import DatabaseSettings
from connector_task.errors import DatabaseUnavailableError
from connector_task.postgres.rds_token import rds_token

SETTINGS = DatabaseSettings(
    host="db.eu-west-1.rds.amazonaws.com",
    port=5432,
    user="ably_connector",
    auth=DatabaseAuth.IAM,
    region="eu-west-1",
    database="chat",
    sslmode=SslMode.REQUIRE,
)


def by_boto3() -> str:
    client = boto3.Session().client("rds", region_name=SETTINGS.region)
    token: str = client.generate_db_auth_token(
        DBHostname=SETTINGS.host, Port=SETTINGS.port, DBUsername=SETTINGS.user
    )
    return token


def test_it_is_what_boto3_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session/token+=")
    before, after = "", "not made yet"
    while before != after:  # a token holds the second in which it was made
        before = by_boto3()
        ours = rds_token(SETTINGS)
        after = by_boto3()
    assert ours == before


def test_a_task_without_credentials_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(key, raising=False)
    for key in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(key, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(DatabaseUnavailableError, match="there are no credentials"):
        rds_token(SETTINGS)
