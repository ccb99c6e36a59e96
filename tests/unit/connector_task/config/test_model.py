"""Every form of the configuration, and everything that can be wrong with it."""

import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connector_task.config.ably import AblySettings
from connector_task.config.choices import DatabaseAuth, LogLevel, Operation, SslMode
from connector_task.config.database import DatabaseSettings
from connector_task.config.mapping import TableMapping
from connector_task.config.model import Settings
from connector_task.config.sources import load
from connector_task.errors import ConfigurationError

KEY = "app.key:very-secret"
ELEMENT = {"tablename": "users", "ablychannelname": "people", "operation": "INSERT"}
DOCUMENT: dict[str, Any] = {
    "dbConfig": {
        "host": "db",
        "port": 5432,
        "user": "me",
        "password": "hidden-password",
        "database": "app",
    },
    "connector": [ELEMENT],
    "ably": {"apiKey": KEY},
}
VARIABLES = {
    "DB_HOST": "db",
    "DB_PORT": "5432",
    "DB_USER": "me",
    "DB_PASSWORD": "hidden-password",
    "DB_NAME": "app",
    "ABLY_API_KEY": KEY,
    "ABLY_CONNECTOR": json.dumps([ELEMENT]),
}
EXPECTED = Settings(
    database=DatabaseSettings(
        host="db", port=5432, user="me", password="hidden-password", database="app"
    ),
    ably=AblySettings(api_key=KEY),
    mappings=(TableMapping(table="users", channel="people", operation=Operation.INSERT),),
)


@pytest.fixture
def from_json(tmp_path: Path) -> Callable[[Any], Settings]:
    def read(document: Any) -> Settings:
        path = tmp_path / "config.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return load(str(path), {"DB_HOST": "ignored", "CONNECTOR_NONSENSE": "ignored"})

    return read


@pytest.fixture
def from_env_file(tmp_path: Path) -> Callable[..., Settings]:
    def read(text: str, environment: dict[str, str] | None = None) -> Settings:
        path = tmp_path / "settings.env"
        path.write_text(text)
        return load(str(path), environment or {})

    return read


def problems_of(read: Callable[[], Settings]) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        read()
    return caught.value.problems


def test_the_originals_json_file_is_read_unchanged(from_json: Callable[[Any], Settings]) -> None:
    assert from_json(DOCUMENT) == EXPECTED


def test_the_originals_env_file_is_read_unchanged(from_env_file: Callable[..., Settings]) -> None:
    text = "\n".join(f"{name}={value}" for name, value in VARIABLES.items())
    assert from_env_file(text) == EXPECTED


def test_quotes_and_dollars_of_an_env_file_are_those_of_nodes_dotenv(
    from_env_file: Callable[..., Settings],
) -> None:
    text = "\n".join(f"{name}='{value}'" for name, value in VARIABLES.items())
    settings = from_env_file(text.replace("hidden-password", "a${HOME}$b"))
    assert settings.database.password == "a${HOME}$b"


def test_a_variable_that_is_set_wins_over_the_env_file(
    from_env_file: Callable[..., Settings],
) -> None:
    text = "\n".join(f"{name}={value}" for name, value in VARIABLES.items())
    settings = from_env_file(text, {"DB_HOST": "other", "DB_PORT": ""})
    assert (settings.database.host, settings.database.port) == ("other", 5432)


def test_without_a_file_the_environment_is_read() -> None:
    assert load(None, {**VARIABLES, "PATH": "/bin", "DB_SOMETHING": "of another program"}) == (
        EXPECTED
    )


def test_everything_beyond_the_original_can_be_set_in_the_environment(tmp_path: Path) -> None:
    certificate = tmp_path / "ca.pem"
    certificate.write_text("")
    settings = load(
        None,
        {
            **VARIABLES,
            "DB_SSLMODE": "verify-full",
            "DB_SSLROOTCERT": str(certificate),
            "ABLY_ENDPOINT": "localhost",
            "ABLY_PORT": "8080",
            "ABLY_TLS": "False",
            "CONNECTOR_INSTALL": "no",
            "CONNECTOR_HEALTH_PORT": "8081",
            "CONNECTOR_POLL_SECONDS": "0.5",
            "CONNECTOR_SHUTDOWN_SECONDS": "5",
            "CONNECTOR_METRICS_SECONDS": "0",
            "POWERTOOLS_LOG_LEVEL": "debug",
            "POWERTOOLS_SERVICE_NAME": "relay",
            "POWERTOOLS_METRICS_NAMESPACE": "Mine",
            "STAGE": "prod",
        },
    )
    assert settings.database.sslmode is SslMode.VERIFY_FULL
    assert settings.database.sslrootcert == str(certificate)
    assert settings.ably == AblySettings(api_key=KEY, endpoint="localhost", port=8080, tls=False)
    assert not settings.install
    assert (settings.health_port, settings.poll_seconds) == (8081, 0.5)
    assert (settings.shutdown_seconds, settings.metrics_seconds) == (5.0, 0.0)
    assert settings.log_level is LogLevel.DEBUG
    assert settings.metrics_namespace == "Mine"
    assert settings.dimensions == {"stage": "prod", "service": "relay"}


def test_everything_beyond_the_original_can_be_set_in_json(
    from_json: Callable[[Any], Settings],
) -> None:
    settings = from_json(
        {
            **DOCUMENT,
            "dbConfig": {**DOCUMENT["dbConfig"], "port": "5432", "sslmode": "require"},
            "ably": {"apiKey": KEY, "endpoint": "localhost", "port": 8080, "tls": False},
            "install": False,
            "healthPort": 8081,
            "pollSeconds": 2,
        }
    )
    assert settings.database.sslmode is SslMode.REQUIRE
    assert (settings.ably.port, settings.ably.tls) == (8080, False)
    assert (settings.install, settings.health_port, settings.poll_seconds) == (False, 8081, 2.0)


def test_operations_are_matched_whatever_their_case_and_doubles_count_once() -> None:
    doubled = json.dumps([ELEMENT, {**ELEMENT, "operation": "insert"}])
    assert load(None, {**VARIABLES, "ABLY_CONNECTOR": doubled}) == EXPECTED


def test_an_empty_list_of_mappings_is_allowed() -> None:
    assert load(None, {**VARIABLES, "ABLY_CONNECTOR": "[]"}).mappings == ()


def test_all_that_is_missing_is_named_at_once() -> None:
    assert problems_of(lambda: load(None, {})) == tuple(
        f"{name}: missing"
        for name in ("DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "DB_NAME", "ABLY_CONNECTOR",
                     "ABLY_API_KEY")
    )  # fmt: skip


def test_all_problems_of_a_json_file_are_named_by_key(from_json: Callable[[Any], Settings]) -> None:
    document = {
        "dbConfig": {"host": " ", "port": 70000, "user": "me", "password": 5, "pasword": "x"},
        "connector": [
            {**ELEMENT, "operation": "UPSERT", "chanel": "x"},
            "users",
            {"tablename": "t" * 101},
        ],
        "ably": "app.key:secret",
        "instal": True,
        "pollSeconds": "soon",
    }
    assert problems_of(lambda: from_json(document)) == (
        "dbConfig.pasword: unknown key",
        "ably: must be an object",
        "instal: unknown key",
        'dbConfig.host: must be a text that is not empty, not " "',
        "dbConfig.port: must be a whole number from 1 to 65535, not 70000",
        "dbConfig.password: must be a text",
        "dbConfig.database: missing",
        "connector[0].chanel: unknown key",
        'connector[0].operation: must be one of INSERT, UPDATE, DELETE, TRUNCATE, not "UPSERT"',
        "connector[1]: must be an object",
        f'connector[2].tablename: must be at most 100 characters long, not "{"t" * 101}"',
        "connector[2].operation: missing",
        "connector[2].ablychannelname: missing",
        "ably.apiKey: missing",
        'pollSeconds: must be a number of seconds from 0.05 to 60, not "soon"',
    )


def test_an_unknown_variable_of_the_connectors_own_is_a_problem(
    from_env_file: Callable[..., Settings],
) -> None:
    assert problems_of(lambda: load(None, {**VARIABLES, "CONNECTOR_HEALTHPORT": "1"})) == (
        "CONNECTOR_HEALTHPORT: unknown variable",
    )
    text = "\n".join(f"{name}={value}" for name, value in VARIABLES.items())
    assert problems_of(lambda: from_env_file(text + "\nDB_SSLMOD=require")) == (
        "DB_SSLMOD: unknown variable",
    )


def test_a_verifying_tls_mode_needs_its_certificates() -> None:
    assert problems_of(lambda: load(None, {**VARIABLES, "DB_SSLMODE": "verify-ca"})) == (
        "DB_SSLROOTCERT: missing, DB_SSLMODE verify-ca needs it",
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("settings.yaml", "settings.yaml: the configuration's path must end in .json or .env"),
        ("none.json", "none.json: unable to read it; No such file or directory"),
        ("none.env", "none.env: unable to read it; No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_problem(path: str, expected: str) -> None:
    assert problems_of(lambda: load(path, VARIABLES)) == (expected,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "not JSON; Expecting property name enclosed in double quotes at line 1, column 2"),
        ("[]", "must hold one JSON object"),
    ],
)
def test_a_json_file_that_is_none_is_a_problem(
    from_json: Callable[[Any], Settings], text: str, expected: str
) -> None:
    (problem,) = problems_of(lambda: from_json(text))
    assert problem.endswith(expected)


def test_a_connector_list_that_is_no_json_says_where() -> None:
    (problem,) = problems_of(lambda: load(None, {**VARIABLES, "ABLY_CONNECTOR": "[{]"}))
    assert problem.startswith("ABLY_CONNECTOR: must be a JSON array (Expecting property name")
    assert problem.endswith("at character 3)")


def test_no_secret_is_shown_in_a_problem_or_in_a_repr() -> None:
    problems = problems_of(lambda: load(None, {**VARIABLES, "ABLY_API_KEY": "very-secret"}))
    assert "very-secret" not in str(problems)
    shown = repr(EXPECTED)
    assert "very-secret" not in shown
    assert "hidden-password" not in shown


SECRETS = {
    "ably": "app.key:very-secret",
    "dbConfig": "postgres://me:very-secret@db/app",
    "connector": {"password": "very-secret"},
}


@pytest.mark.parametrize("key", SECRETS)
def test_what_stands_in_a_sections_place_is_not_shown(
    from_json: Callable[[Any], Settings], key: str
) -> None:
    said = str(problems_of(lambda: from_json({**DOCUMENT, key: SECRETS[key]})))
    assert key in said
    assert "very-secret" not in said


def test_a_secret_of_the_wrong_type_is_not_shown(from_json: Callable[[Any], Settings]) -> None:
    document = {
        **DOCUMENT,
        "dbConfig": {**DOCUMENT["dbConfig"], "password": ["very-secret"]},
        "ably": {"apiKey": {"key": "very-secret"}},
    }
    assert problems_of(lambda: from_json(document)) == (
        "dbConfig.password: must be a text",
        "ably.apiKey: must be an Ably API key of the form <app>.<key>:<secret>",
    )


def test_the_cause_of_a_problem_holds_no_secret() -> None:
    wrong = {**VARIABLES, "DB_PASSWORD": "", "ABLY_API_KEY": KEY.removeprefix("app.")}
    with pytest.raises(ConfigurationError) as caught:
        load(None, wrong)
    shown = "".join(traceback.format_exception(caught.value))
    assert "very-secret" not in shown


@pytest.mark.parametrize(
    ("value", "shown"), [(True, "true"), (5432.0, "5432.0"), (None, "null"), ([5432], "[5432]")]
)
def test_nothing_is_guessed_from_another_type(
    from_json: Callable[[Any], Settings], value: object, shown: str
) -> None:
    document = {**DOCUMENT, "dbConfig": {**DOCUMENT["dbConfig"], "port": value}}
    assert problems_of(lambda: from_json(document)) == (
        f"dbConfig.port: must be a whole number from 1 to 65535, not {shown}",
    )


def test_null_is_no_way_to_leave_a_setting_out(from_json: Callable[[Any], Settings]) -> None:
    document = {**DOCUMENT, "runRole": None, "connector": [{**ELEMENT, "where": None}]}
    assert problems_of(lambda: from_json(document)) == (
        "connector[0].where: must be a text that is not empty, not null",
        "runRole: must be a text that is not empty, not null",
    )


def test_the_names_in_a_file_are_the_keys_and_not_the_codes(
    from_json: Callable[[Any], Settings],
) -> None:
    document = {**DOCUMENT, "max_in_flight": 2, "ably": {"apiKey": KEY, "api_key": KEY}}
    assert problems_of(lambda: from_json(document)) == (
        "ably.api_key: unknown key",
        "max_in_flight: unknown key",
    )


@pytest.mark.parametrize("path", ["none.pem", "x" * 5000, "."])
def test_a_certificate_must_be_a_file(path: str) -> None:
    variables = {**VARIABLES, "DB_SSLMODE": "verify-full", "DB_SSLROOTCERT": path}
    assert problems_of(lambda: load(None, variables)) == (
        f'DB_SSLROOTCERT: must be the path of a file that exists, not "{path}"',
    )


def test_problems_between_settings_are_reported_with_those_of_each() -> None:
    wrong = {**VARIABLES, "DB_SSLMODE": "verify-full", "DB_PORT": "x", "CONNECTOR_SHARDS": "0"}
    assert problems_of(lambda: load(None, wrong)) == (
        'DB_PORT: must be a whole number from 1 to 65535, not "x"',
        "DB_SSLROOTCERT: missing, DB_SSLMODE verify-full needs it",
        'CONNECTOR_SHARDS: must be a whole number from 1 to 32, not "0"',
    )


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        EXPECTED.shards = 2


def test_a_key_may_end_with_a_line_as_an_editor_leaves_it() -> None:
    assert load(None, {**VARIABLES, "ABLY_API_KEY": f"{KEY}\n"}) == EXPECTED


BY_IAM = {
    **{name: value for name, value in VARIABLES.items() if name != "DB_PASSWORD"},
    "DB_AUTH": "iam",
    "DB_REGION": "eu-west-1",
    "DB_SSLMODE": "require",
}


def test_a_role_that_logs_in_by_iam_needs_no_password() -> None:
    settings = load(None, BY_IAM)
    assert settings.database.auth is DatabaseAuth.IAM
    assert settings.database.region == "eu-west-1"


def test_iam_needs_a_region_and_a_line_that_nobody_reads_along() -> None:
    wrong = {**BY_IAM, "DB_REGION": "", "DB_SSLMODE": "prefer"}
    assert problems_of(lambda: load(None, wrong)) == (
        "DB_REGION: missing, DB_AUTH iam needs it",
        "DB_SSLMODE: must be require, verify-ca or verify-full, DB_AUTH iam sends a token",
    )
