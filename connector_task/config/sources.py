"""Reads the configuration from a .json file, a .env file or the process environment.

All that is wrong with it is reported together, each problem under the name the operator wrote.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from connector_task.config import mappings, values
from connector_task.config.model import (
    MAX_SHARDS,
    AblyPlan,
    AblySettings,
    DatabaseAuth,
    DatabaseSettings,
    LogLevel,
    Settings,
    SslMode,
)
from connector_task.errors import ConfigurationError

OWN_PREFIX = "CONNECTOR_"
FILE_PREFIXES = ("CONNECTOR_", "DB_", "ABLY_")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One setting: its name in a JSON file, in the environment, and how its value is read."""

    field: str
    key: str
    variable: str
    parse: Callable[[object], object]
    required: bool = False
    secret: bool = False


ENTRIES = (
    Entry(
        field="database.host", key="dbConfig.host", variable="DB_HOST",
        parse=values.text, required=True,
    ),
    Entry(
        field="database.port", key="dbConfig.port", variable="DB_PORT",
        parse=values.port, required=True,
    ),
    Entry(
        field="database.user", key="dbConfig.user", variable="DB_USER",
        parse=values.text, required=True,
    ),
    Entry(
        field="database.auth", key="dbConfig.auth", variable="DB_AUTH",
        parse=values.choice(DatabaseAuth),
    ),
    Entry(
        field="database.region", key="dbConfig.region", variable="DB_REGION", parse=values.text
    ),
    Entry(
        field="database.password", key="dbConfig.password", variable="DB_PASSWORD",
        parse=values.password, required=True, secret=True,
    ),
    Entry(
        field="database.database", key="dbConfig.database", variable="DB_NAME",
        parse=values.text, required=True,
    ),
    Entry(
        field="database.sslmode", key="dbConfig.sslmode", variable="DB_SSLMODE",
        parse=values.choice(SslMode),
    ),
    Entry(
        field="database.sslrootcert", key="dbConfig.sslrootcert", variable="DB_SSLROOTCERT",
        parse=values.readable_file,
    ),
    Entry(
        field="mappings", key="connector", variable="ABLY_CONNECTOR",
        parse=mappings.mappings, required=True,
    ),
    Entry(
        field="ably.api_key", key="ably.apiKey", variable="ABLY_API_KEY",
        parse=values.api_key, required=True, secret=True,
    ),
    Entry(
        field="ably.endpoint", key="ably.endpoint", variable="ABLY_ENDPOINT", parse=values.text
    ),
    Entry(field="ably.port", key="ably.port", variable="ABLY_PORT", parse=values.port),
    Entry(field="ably.tls", key="ably.tls", variable="ABLY_TLS", parse=values.boolean),
    Entry(field="ably.plan", key="ably.plan", variable="ABLY_PLAN", parse=values.choice(AblyPlan)),
    Entry(
        field="ably.requests_per_second", key="ably.requestsPerSecond",
        variable="ABLY_REQUESTS_PER_SECOND", parse=values.rate,
    ),
    Entry(
        field="ably.requests_per_hour", key="ably.requestsPerHour",
        variable="ABLY_REQUESTS_PER_HOUR", parse=values.rate,
    ),
    Entry(
        field="ably.channel_publishes", key="ably.channelPublishesPerSecond",
        variable="ABLY_CHANNEL_PUBLISHES_PER_SECOND", parse=values.rate,
    ),
    Entry(
        field="ably.channel_bytes", key="ably.channelBytesPerSecond",
        variable="ABLY_CHANNEL_BYTES_PER_SECOND", parse=values.rate,
    ),
    Entry(
        field="ably.message_bytes", key="ably.messageBytes",
        variable="ABLY_MESSAGE_BYTES", parse=values.whole_number(1024, 1024 * 1024),
    ),
    Entry(
        field="ably.request_bytes", key="ably.requestBytes",
        variable="ABLY_REQUEST_BYTES", parse=values.whole_number(1024, 64 * 1024 * 1024),
    ),
    Entry(
        field="ably.request_channels", key="ably.requestChannels",
        variable="ABLY_REQUEST_CHANNELS", parse=values.whole_number(1, 1000),
    ),
    Entry(field="install", key="install", variable="CONNECTOR_INSTALL", parse=values.boolean),
    Entry(field="run_role", key="runRole", variable="CONNECTOR_RUN_ROLE", parse=values.text),
    Entry(
        field="health_port", key="healthPort", variable="CONNECTOR_HEALTH_PORT",
        parse=values.optional_port,
    ),
    Entry(
        field="poll_seconds", key="pollSeconds", variable="CONNECTOR_POLL_SECONDS",
        parse=values.seconds(0.05, 60),
    ),
    Entry(
        field="shutdown_seconds", key="shutdownSeconds", variable="CONNECTOR_SHUTDOWN_SECONDS",
        parse=values.seconds(1, 110),
    ),
    Entry(
        field="max_in_flight", key="maxInFlight", variable="CONNECTOR_MAX_IN_FLIGHT",
        parse=values.whole_number(1, 64),
    ),
    Entry(
        field="shards", key="shards", variable="CONNECTOR_SHARDS",
        parse=values.whole_number(1, MAX_SHARDS),
    ),
    Entry(
        field="metrics_seconds", key="metricsSeconds", variable="CONNECTOR_METRICS_SECONDS",
        parse=values.seconds(0, 3600),
    ),
    Entry(
        field="metrics_namespace", key="metricsNamespace", variable="POWERTOOLS_METRICS_NAMESPACE",
        parse=values.text,
    ),
    Entry(
        field="log_level", key="logLevel", variable="POWERTOOLS_LOG_LEVEL",
        parse=values.choice(LogLevel),
    ),
    Entry(field="service", key="service", variable="POWERTOOLS_SERVICE_NAME", parse=values.text),
    Entry(field="stage", key="stage", variable="STAGE", parse=values.text),
)  # fmt: skip


def load(path: str | None, environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    A variable that is set in the environment wins over the same one in a .env file, as with every
    dotenv. A .json file stands alone: nothing of it is taken from the environment.

    Args:
        path: ends in `.json` or in `.env`; None reads the environment alone.
        environment: of the process.

    Raises:
        ConfigurationError: the file cannot be read, or what it says is missing, unknown or wrong.
    """
    if path is None:
        return _from_variables(environment, _unknown(environment, (OWN_PREFIX,)))
    if not path.endswith((".json", ".env")):
        raise ConfigurationError([f"{path}: the configuration's path must end in .json or .env"])
    content = _read(path)
    if path.endswith(".json"):
        return _from_json(path, content)
    # Node's dotenv, which such files were written for, knows no ${…} either.
    in_file = {
        name: value or ""
        for name, value in dotenv_values(stream=StringIO(content), interpolate=False).items()
    }
    own = {name: value for name, value in environment.items() if value}
    return _from_variables({**in_file, **own}, _unknown(in_file, FILE_PREFIXES))


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise ConfigurationError([f"{path}: unable to read it; {reason}"]) from exc


def _unknown(names: Iterable[str], prefixes: tuple[str, ...]) -> list[str]:
    known = {entry.variable for entry in ENTRIES}
    return [
        f"{name}: unknown variable"
        for name in sorted(names)
        if name.startswith(prefixes) and name not in known
    ]


def _from_variables(variables: Mapping[str, str], problems: list[str]) -> Settings:
    given: dict[str, object] = {}
    for entry in ENTRIES:
        value = variables.get(entry.variable)
        # An empty variable is how Compose files and task definitions say "not set".
        if value or (value is not None and entry.field == "database.password"):
            given[entry.field] = value
    return _settings(given, problems, label=lambda entry: entry.variable)


def _from_json(path: str, content: str) -> Settings:
    try:
        document = json.loads(content)
    except json.JSONDecodeError as exc:
        place = f"{exc.msg} at line {exc.lineno}, column {exc.colno}"
        raise ConfigurationError([f"{path}: not JSON; {place}"]) from None
    if not isinstance(document, dict):
        raise ConfigurationError([f"{path}: must hold one JSON object"])
    document.pop("$schema", None)  # for editors
    by_key = {entry.key: entry for entry in ENTRIES}
    given: dict[str, object] = {}
    problems: list[str] = []
    for key, value in _flattened(document):
        if key in by_key:
            given[by_key[key].field] = value
        elif isinstance(value, dict) or key not in _sections():
            problems.append(f"{key}: unknown key")
        else:
            problems.append(f"{key}: must be an object")
    return _settings(given, problems, label=lambda entry: entry.key)


def _sections() -> set[str]:
    return {entry.key.partition(".")[0] for entry in ENTRIES if "." in entry.key}


def _flattened(document: dict[str, Any]) -> Iterable[tuple[str, object]]:
    for key, value in document.items():
        if key in _sections() and isinstance(value, dict):
            yield from ((f"{key}.{inner}", inner_value) for inner, inner_value in value.items())
        else:
            yield key, value


def _settings(
    given: Mapping[str, object], problems: list[str], *, label: Callable[[Entry], str]
) -> Settings:
    parsed: dict[str, Any] = {}
    for entry in ENTRIES:
        if entry.field in given:
            _parse(entry, given[entry.field], label(entry), parsed, problems)
        elif entry.required and not (entry.field == "database.password" and _by_iam(parsed)):
            problems.append(f"{label(entry)}: missing")
    problems += _contradictions(given, parsed, {entry.field: label(entry) for entry in ENTRIES})
    if problems:
        raise ConfigurationError(problems)
    top = {field: value for field, value in parsed.items() if "." not in field}
    return Settings(
        database=DatabaseSettings(**_section(parsed, "database")),
        ably=AblySettings(**_section(parsed, "ably")),
        **top,
    )


def _by_iam(parsed: Mapping[str, Any]) -> bool:
    return parsed.get("database.auth") is DatabaseAuth.IAM


def _contradictions(
    given: Mapping[str, object], parsed: Mapping[str, Any], names: Mapping[str, str]
) -> Iterator[str]:
    """What is wrong with settings that are each right by themselves."""
    mode = parsed.get("database.sslmode")
    name = names["database.sslmode"]
    if mode in (SslMode.VERIFY_CA, SslMode.VERIFY_FULL) and "database.sslrootcert" not in given:
        yield f"{names['database.sslrootcert']}: missing, {name} {mode} needs it"
    if _by_iam(parsed):
        if "database.region" not in given:
            yield f"{names['database.region']}: missing, {names['database.auth']} iam needs it"
        if mode in (None, SslMode.DISABLE, SslMode.ALLOW, SslMode.PREFER):
            needing = f"{names['database.auth']} iam sends a token"
            yield f"{name}: must be require, verify-ca or verify-full, {needing}"


def _parse(
    entry: Entry, value: object, name: str, parsed: dict[str, Any], problems: list[str]
) -> None:
    try:
        parsed[entry.field] = entry.parse(value)
    except mappings.MappingProblemsError as exc:
        problems += [f"{name}{problem}" for problem in exc.problems]
    except values.UnusableValueError as exc:
        shown = "" if entry.secret or entry.field == "mappings" else f", not {json.dumps(value)}"
        problems.append(f"{name}: {exc}{shown}")


def _section(parsed: Mapping[str, Any], name: str) -> dict[str, Any]:
    prefix = f"{name}."
    return {
        field.removeprefix(prefix): value
        for field, value in parsed.items()
        if field.startswith(prefix)
    }
