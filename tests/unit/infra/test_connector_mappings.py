"""The connector's mappings are checked at synth as the connector would check them."""

import json
from typing import Any

import pytest

from infra.settings.connector_mappings import mappings_variable
from infra.settings.fields import ConfigError
from tests.fixtures.mappings import read_mappings

MAPPING = {"tablename": "chat_data", "ablychannelname": "chat", "operation": "INSERT"}
OPTIONS = {"columns": ["a"], "where": "a > 1", "payload": "json", "headers": {"a": "{b}", "n": 1}}


def problems(*mappings: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        mappings_variable(mappings)
    return caught.value.problems


def test_mappings_that_the_connector_takes_become_the_variable() -> None:
    mappings: list[dict[str, Any]] = [
        MAPPING,
        {**MAPPING, **OPTIONS, "ablychannelname": "chat:{room}"},
    ]
    assert json.loads(mappings_variable(mappings)) == mappings
    assert len(read_mappings(mappings)) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"operation": "UPSERT"}, "[0].operation cannot be used: 'UPSERT' is not one of ['INSERT'"),
        ({"chanel": "x"}, "[0] cannot be used: Additional properties are not allowed ('chanel'"),
        ({"tablename": " "}, "[0].tablename cannot be used: ' ' does not have the form that it"),
        ({"where": "a;b"}, "[0].where cannot be used: 'a;b' does not have the form that it must"),
        ({"old": True}, "[0].old cannot be used: True does not go with the mapping's operation;"),
        (
            {"operation": "TRUNCATE", "columns": ["a"]},
            "[0].columns cannot be used: ['a'] does not go with the mapping's operation;",
        ),
    ],
)
def test_one_that_the_connector_would_refuse_is_refused_with_its_place(
    change: dict[str, Any], said: str
) -> None:
    (sentence,) = problems({**MAPPING, **change})
    assert sentence.startswith(f"the connector's mapping {said}")
    assert sentence.endswith("; docs/configuration.md explains mappings.")


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(problems({**MAPPING, "operation": "insert"}, {"tablename": "t"})) == 3
