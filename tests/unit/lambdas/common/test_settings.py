"""Settings: read from a mapping, all problems at once."""

import pytest

from lambdas.auth.settings import AuthSettings
from lambdas.common.errors import SettingsError
from lambdas.history.settings import HistorySettings
from lambdas.ingest.settings import IngestSettings

INGEST = {"DB_SECRET_ARN": "arn:db", "REJECT_QUEUE_URL": "https://sqs/queue"}


def test_what_is_not_set_has_its_default() -> None:
    settings = IngestSettings.parse(INGEST)
    assert settings.database.ssl_mode == "require"
    assert settings.database.port == 5432
    assert settings.limits.content_bytes == 16_384
    assert settings.limits.username_bytes == 256


def test_an_empty_variable_counts_as_absent() -> None:
    assert IngestSettings.parse({**INGEST, "MAX_CONTENT_BYTES": " "}).limits.content_bytes == 16_384


def test_every_problem_is_reported_at_once_by_its_variable() -> None:
    wrong = {
        "DB_PORT": "70000",
        "DB_SSLMODE": "maybe",
        "DB_CONNECT_TIMEOUT_SECONDS": "0",
        "DB_STATEMENT_TIMEOUT_MS": "soon",
        "MAX_CONTENT_BYTES": "1e3",
        "MAX_USERNAME_BYTES": "-1",
    }
    with pytest.raises(SettingsError) as raised:
        IngestSettings.parse(wrong)
    assert raised.value.problems == (
        "DB_SECRET_ARN is missing",
        "DB_PORT must be a whole number from 1 to 65535",
        "DB_SSLMODE must be one of disable, allow, prefer, require, verify-ca, verify-full",
        "DB_CONNECT_TIMEOUT_SECONDS must be a whole number from 1 to 60",
        "DB_STATEMENT_TIMEOUT_MS must be a whole number from 1 to 900000",
        "REJECT_QUEUE_URL is missing",
        "MAX_CONTENT_BYTES must be a whole number from 1 to 262144",
        "MAX_USERNAME_BYTES must be a whole number from 1 to 1024",
    )
    assert str(raised.value).startswith("unable to read the settings; DB_SECRET_ARN is")


def test_verifying_tls_needs_the_certificates_to_verify_with() -> None:
    with pytest.raises(SettingsError, match="DB_SSLROOTCERT is required"):
        IngestSettings.parse({**INGEST, "DB_SSLMODE": "verify-full"})
    with_certificates = {
        **INGEST,
        "DB_SSLMODE": "verify-full",
        "DB_SSLROOTCERT": "/ca.pem",
    }
    assert IngestSettings.parse(with_certificates).database.ssl_root_cert == "/ca.pem"


def test_a_role_that_logs_in_by_token_needs_no_secret_but_its_place_and_its_name() -> None:
    with pytest.raises(SettingsError) as raised:
        HistorySettings.parse({"DB_AUTH": "iam"})
    assert raised.value.problems == tuple(
        f"{key} is missing" for key in ("DB_HOST", "DB_NAME", "DB_USER", "AWS_REGION")
    )


@pytest.mark.parametrize("auth", ["iam", "secret-or-iam"])
def test_a_token_is_sent_over_tls_alone(auth: str) -> None:
    complete = {
        "DB_AUTH": auth,
        "DB_SECRET_ARN": "arn:db",
        "DB_HOST": "db.example",
        "DB_NAME": "chat",
        "DB_USER": "ably_chat",
        "AWS_REGION": "eu-west-1",
    }
    assert HistorySettings.parse(complete).database.auth == auth
    with pytest.raises(SettingsError, match="DB_SSLMODE must be require or stricter"):
        HistorySettings.parse({**complete, "DB_SSLMODE": "prefer"})


def test_how_long_a_statement_may_take_is_left_to_the_role_unless_it_is_said() -> None:
    assert IngestSettings.parse(INGEST).database.statement_timeout_ms is None
    said = {**INGEST, "DB_STATEMENT_TIMEOUT_MS": "50"}
    assert IngestSettings.parse(said).database.statement_timeout_ms == 50


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", set()),
        ("*", {"*"}),
        (
            "https://a.example, http://localhost:5173,",
            {"https://a.example", "http://localhost:5173"},
        ),
    ],
)
def test_origins_are_a_list_or_a_star(value: str, origins: set[str]) -> None:
    settings = AuthSettings.parse({"ABLY_API_KEY_SECRET_ARN": "arn", "ALLOWED_ORIGINS": value})
    assert settings.cors.origins == origins


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("a.example", "ALLOWED_ORIGINS contains values that are no origin: a.example"),
        (
            "https://a.example/",
            "ALLOWED_ORIGINS contains values that are no origin: https://a.example/",
        ),
        ("*,https://a.example", "ALLOWED_ORIGINS must be either [*] or a list of origins"),
    ],
)
def test_what_is_no_origin_is_said(value: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        HistorySettings.parse({"DB_SECRET_ARN": "arn", "ALLOWED_ORIGINS": value})


def test_the_two_channels_must_differ_lest_the_rule_feeds_itself() -> None:
    same = {
        "ABLY_API_KEY_SECRET_ARN": "arn",
        "OUTGOING_CHANNEL": "chat",
        "INCOMING_CHANNEL": "chat",
    }
    with pytest.raises(SettingsError, match="OUTGOING_CHANNEL and INCOMING_CHANNEL must differ"):
        AuthSettings.parse(same)


def test_a_flag_is_true_or_false_and_nothing_else() -> None:
    environment = {"ABLY_API_KEY_SECRET_ARN": "arn"}
    assert AuthSettings.parse(environment).cookie_secure is True
    assert AuthSettings.parse({**environment, "COOKIE_SECURE": "False"}).cookie_secure is False
    with pytest.raises(SettingsError, match="COOKIE_SECURE must be true or false"):
        AuthSettings.parse({**environment, "COOKIE_SECURE": "0"})
