"""Reads the configuration from a .json file, a .env file or the process environment.

Variables are put in their places in a document of the JSON file's form, so that both are read in
one way. All that is wrong is reported together, each problem under the name the operator wrote.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from connector_task.config.declaration import key_of
from connector_task.config.model import Settings, section_of, settings
from connector_task.config.problems import Place, problems, spelled
from connector_task.errors import ConfigurationError

OWN_PREFIX = "CONNECTOR_"
FILE_PREFIXES = ("CONNECTOR_", "DB_", "ABLY_")

VARIABLES: dict[Place, str] = {setting.path: setting.facts.variable for setting in settings()}
SECTIONS = [key_of(field) for field in Settings.model_fields.values() if section_of(field)]
MAPPINGS = "connector"
NULL = object()
"""For JSON's null, which is no value of any setting; None would say that a setting is absent."""


def load(path: str | None, environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    A variable that is set in the environment wins over the same one in a .env file, as with every
    dotenv. With a .json file, nothing is taken from the environment.

    Args:
        path: ends in `.json` or in `.env`; None reads the environment only.
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
    return [
        f"{name}: unknown variable"
        for name in sorted(names)
        if name.startswith(prefixes) and name not in VARIABLES.values()
    ]


def _from_variables(variables: Mapping[str, str], wrong: list[str]) -> Settings:
    document: dict[str, Any] = {section: {} for section in SECTIONS}
    for setting in settings():
        value = variables.get(setting.facts.variable)
        # An empty variable is how Compose files and task definitions say "not set".
        if value or (value is not None and setting.facts.may_be_empty):
            *sections, key = setting.path
            place = document[sections[0]] if sections else document
            place[key] = value
    return _settings(document, VARIABLES, wrong)


def _from_json(path: str, content: str) -> Settings:
    try:
        file = json.loads(content)
    except json.JSONDecodeError as exc:
        place = f"{exc.msg} at line {exc.lineno}, column {exc.colno}"
        raise ConfigurationError([f"{path}: not JSON; {place}"]) from None
    if not isinstance(file, dict):
        raise ConfigurationError([f"{path}: must hold one JSON object"])
    file.pop("$schema", None)  # for editors
    document: dict[str, Any] = {section: {} for section in SECTIONS}
    wrong: list[str] = []
    for key, value in file.items():
        if key not in SECTIONS:
            _put(value, (key,), document, wrong)
        elif isinstance(value, dict):
            for inner_key, inner in value.items():
                _put(inner, (key, inner_key), document[key], wrong)
        else:
            wrong.append(f"{key}: must be an object")
    return _settings(document, {}, wrong)


def _put(value: object, path: Place, section: dict[str, Any], wrong: list[str]) -> None:
    if path in VARIABLES:
        section[str(path[-1])] = value
    else:
        wrong.append(f"{spelled(path, {})}: unknown key")


def _settings(
    document: dict[str, Any], variables: Mapping[Place, str], wrong: list[str]
) -> Settings:
    """Validate a document of the JSON file's form.

    Args:
        document: has every section.
        variables: names in the environment that its values come from; empty with a file.
        wrong: problems that were found on the way.

    Raises:
        ConfigurationError: with these problems and all others.
    """
    wrong += _parse_mappings(document, variables)
    try:
        found = Settings.model_validate(_without_null(document), by_alias=True, by_name=False)
    except ValidationError as exc:
        # Not chained: what pydantic says may hold a secret.
        raise ConfigurationError([*wrong, *problems(exc, document, variables)]) from None
    if wrong:
        raise ConfigurationError(wrong)
    return found


def _parse_mappings(document: dict[str, Any], variables: Mapping[Place, str]) -> Iterator[str]:
    """Replace the JSON text of mappings, as a variable has it, by what it says."""
    text = document.get(MAPPINGS)
    if not isinstance(text, str):
        return
    try:
        document[MAPPINGS] = json.loads(text)
    except json.JSONDecodeError as exc:
        document[MAPPINGS] = []
        name = spelled((MAPPINGS,), variables)
        yield f"{name}: must be a JSON array ({exc.msg} at character {exc.pos + 1})"


def _without_null(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_null(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_null(inner) for inner in value]
    return NULL if value is None else value
