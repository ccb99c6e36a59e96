"""The JSON schema, the code that reads a configuration and its document say the same."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

from connector_task.config.mapping import MappingOptions, TableMapping
from connector_task.config.model import settings
from connector_task.config.sources import load
from connector_task.errors import ConfigurationError

REPOSITORY = Path(__file__).parents[4]
SCHEMA: dict[str, Any] = json.loads(
    (REPOSITORY / "connector_task" / "config" / "schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
MAPPING = SCHEMA["$defs"]["TableMapping"]
OPTIONS = {setting.path[0]: setting.field for setting in settings(MappingOptions)}
DOCUMENT: dict[str, Any] = {
    "dbConfig": {"host": "h", "port": 1, "user": "u", "password": "", "database": "d"},
    "connector": [{"tablename": "t", "ablychannelname": "c", "operation": "UPDATE"}],
    "ably": {"apiKey": "a.b:c"},
}
TRUNCATE = {"tablename": "t", "ablychannelname": "c", "operation": "TRUNCATE"}


def described() -> dict[str, dict[str, Any]]:
    """Every key that the schema knows, with what it says of it."""
    keys: dict[str, dict[str, Any]] = {}
    for name, content in SCHEMA["properties"].items():
        definition = SCHEMA["$defs"].get(content.get("$ref", "").rpartition("/")[2], {})
        inner = definition.get("properties")
        keys |= {f"{name}.{key}": value for key, value in inner.items()} if inner else {}
        keys |= {} if inner or name == "$schema" else {name: content}
    return keys


def test_the_schema_is_one() -> None:
    VALIDATOR.check_schema(SCHEMA)


def test_it_has_every_setting_and_no_other() -> None:
    assert list(described()) == [".".join(setting.path) for setting in settings()]


def test_its_defaults_are_the_codes() -> None:
    for setting in settings():
        stated = described()[".".join(setting.path)].get("default")
        assert stated == (None if setting.field.is_required() else setting.field.default), setting


def test_it_has_every_key_of_a_mapping_with_its_default() -> None:
    assert MAPPING["required"] == ["tablename", "operation", "ablychannelname"]
    assert list(MAPPING["properties"]) == [*MAPPING["required"], *OPTIONS]
    for key, content in MAPPING["properties"].items():
        if "default" in content:
            assert content["default"] == getattr(MappingOptions(), key)


def changed(path: str, value: object) -> dict[str, Any]:
    """The document with one value put in another's place."""
    document = copy.deepcopy(DOCUMENT)
    *parents, last = path.split("/")
    place: Any = document
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    place[int(last) if last.isdigit() else last] = value
    return document


GOOD: list[tuple[str, object]] = [
    ("$schema", "schema.json"),
    ("connector", []),
    ("connector/0/ablychannelname", "chat:{room}:{{x}}{a}{b}{c}"),
    ("connector/0/columns", ["id", "Odd name"]),
    ("connector/0/where", "age > 17 -- adults"),
    ("connector/0/old", True),
    ("connector/0/payload", "json"),
    ("connector/0/headers", {"a": "x{b}{{}}", "n": 1.5, "ok": False}),
    ("connector/0", {**TRUNCATE, "headers": {"a": 1}, "payload": "json", "old": False}),
    ("ably/apiKey", "a.b:c\n"),
    ("ably/requestsPerHour", 0),
    ("ably/plan", "pro"),
    ("ably/messageBytes", 1024),
    ("ably/requestBytes", 64 * 1024 * 1024),
    ("ably/requestChannels", 1000),
    ("maxInFlight", 64),
    ("pollSeconds", 0.05),
    ("healthPort", 0),
]
BAD: list[tuple[str, object]] = [
    ("dbConfig/host", " "),
    ("ably/messageBytes", 1023),
    ("ably/requestBytes", 64 * 1024 * 1024 + 1),
    ("ably/requestChannels", 0),
    ("dbConfig/port", 65536),
    ("dbConfig/password", None),
    ("dbConfig/auth", "iam"),
    ("dbConfig/sslmode", "verify-full"),
    ("dbConfig/surplus", 1),
    ("surplus", 1),
    ("connector", {}),
    ("connector/0", "t"),
    ("connector/0", {"tablename": "t", "operation": "INSERT"}),
    ("connector/0/tablename", "t" * 101),
    ("connector/0/surplus", 1),
    ("connector/0/operation", "UPSERT"),
    *(("connector/0/ablychannelname", text)
      for text in ("", " ", "c" * 101, "{room}", "a{", "a}", "a{}", "a{b{c}}", "a{1}{2}{3}{4}{5}")),
    *(("connector/0/columns", value) for value in ([], ["a", "a"], [1], [""], "a")),
    *(("connector/0/where", value) for value in ("", "a;b", "w" * 2001, True)),
    ("connector/0/old", 1),
    ("connector/0/payload", "xml"),
    ("connector/0/headers", {}),
    ("connector/0/headers", {str(number): 1 for number in range(21)}),
    ("connector/0/headers", {"a": None}),
    ("connector/0/headers", {"a": []}),
    ("connector/0/headers", {"a": "{"}),
    *(("connector/0", {**TRUNCATE, **option})
      for option in ({"columns": ["a"]}, {"where": "a"}, {"old": True}, {"headers": {"a": "{b}"}},
                     {"ablychannelname": "a{b}"})),
    ("ably/apiKey", "secret"),
    ("ably/plan", "gold"),
    ("ably/requestsPerSecond", -1),
    ("ably", []),
    ("maxInFlight", 65),
    ("pollSeconds", 0),
    ("shutdownSeconds", 111),
    ("metricsSeconds", 3601),
    ("healthPort", -1),
    ("install", 3),
    ("logLevel", "LOUD"),
    ("runRole", ""),
]  # fmt: skip


def is_read(document: object, folder: Path) -> bool:
    path = folder / "config.json"
    path.write_text(json.dumps(document))
    try:
        load(str(path), {})
    except ConfigurationError:
        return False
    return True


@pytest.mark.parametrize(("path", "value"), GOOD)
def test_what_it_allows_is_read(path: str, value: object, tmp_path: Path) -> None:
    document = changed(path, value)
    VALIDATOR.validate(document)
    assert is_read(document, tmp_path)


@pytest.mark.parametrize(("path", "value"), BAD)
def test_what_it_forbids_is_refused(path: str, value: object, tmp_path: Path) -> None:
    document = changed(path, value)
    assert not VALIDATOR.is_valid(document)
    assert not is_read(document, tmp_path)


def test_the_document_explains_every_key_of_a_mapping() -> None:
    text = (REPOSITORY / "docs" / "configuration.md").read_text()
    _, _, after = text.partition("### Mappings\n")
    rows = [line.split("|") for line in after.partition("\n### ")[0].splitlines()]
    explained = [row[1].strip(" `") for row in rows if len(row) == 6 and "`" in row[1]]
    assert explained == [setting.path[0] for setting in settings(TableMapping)]
