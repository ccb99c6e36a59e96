"""A mapping's options as the operator writes them, and all that can be wrong with them."""

from typing import Any

import pytest

from connector_task.config import templates
from connector_task.config.choices import Operation, Payload
from connector_task.config.mapping import MappingOptions
from connector_task.config.templates import Column
from connector_task.errors import ConfigurationError
from tests.fixtures.mappings import read_mappings

ELEMENT = {"tablename": "users", "ablychannelname": "people", "operation": "UPDATE"}


def problems(*elements: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_mappings({**ELEMENT, **element} for element in elements)
    return [problem.removeprefix("ABLY_CONNECTOR") for problem in caught.value.problems]


def test_every_option_is_read() -> None:
    element = {
        **ELEMENT,
        "ablychannelname": "chat:{room_id}",
        "columns": ["id", "name"],
        "where": "age > 17",
        "old": True,
        "payload": "JSON",
        "headers": {"tenant": "t-{tenant}", "version": 2, "beta": False},
    }
    (mapping,) = read_mappings([element])
    assert (mapping.table, mapping.channel) == ("users", "chat:{room_id}")
    assert mapping.operation is Operation.UPDATE
    assert mapping.options == MappingOptions(
        columns=("id", "name"),
        where="age > 17",
        old=True,
        payload=Payload.JSON,
        headers=(("tenant", "t-{tenant}"), ("version", 2), ("beta", False)),
    )


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"columns": []}, ("columns: must be a list of different columns' names, at least one, "
         "not []")),
        ({"columns": ["id", "id"]}, ("columns: must be a list of different columns' names, at "
         'least one, not ["id", "id"]')),
        ({"where": "true; DROP TABLE users"}, ("where: must be one SQL condition, without a "
         'semicolon, not "true; DROP TABLE users"')),
        ({"where": ""}, 'where: must be a text that is not empty, not ""'),
        ({"old": "maybe"}, 'old: must be true or false, not "maybe"'),
        ({"payload": "xml"}, 'payload: must be one of string, json, not "xml"'),
        ({"headers": {}}, "headers: must be an object of 1 to 20 headers, not {}"),
        ({"headers": {"a": None}}, ("headers: must hold texts, numbers, true and false only, "
         'not {"a": null}')),
        ({"headers": {"a": "{"}}, ("headers: must have {column} or a doubled brace wherever it has "
         'a brace, not {"a": "{"}')),
        ({"ablychannelname": "a}"}, ("ablychannelname: must have {column} or a doubled brace "
         'wherever it has a brace, not "a}"')),
        ({"ablychannelname": "{room}"}, ("ablychannelname: must begin with fixed text, before any "
         'column, not "{room}"')),
        ({"ablychannelname": "a{a}{b}{c}{d}{e}"}, ("ablychannelname: must have at most 4 columns, "
         'not "a{a}{b}{c}{d}{e}"')),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_named(option: dict[str, Any], expected: str) -> None:
    assert problems({}, option) == [f"[1].{expected}"]


def test_options_that_do_not_go_with_an_operation_are_named() -> None:
    assert problems(
        {"operation": "DELETE", "old": True},
        {"operation": "TRUNCATE", "columns": ["id"], "where": "true", "headers": {"a": "{b}"},
         "ablychannelname": "a:{b}"},
    ) == [
        "[0].old: only an UPDATE has an old row, not DELETE",
        *(f"[1].{key}: a TRUNCATE has no rows and so no columns"
          for key in ("ablychannelname", "columns", "where", "headers")),
    ]  # fmt: skip


def test_one_mapping_cannot_have_two_forms() -> None:
    assert problems({"old": True}, {}, {"old": True}) == [
        "[1]: says otherwise than [0] for the same table, channel, operation"
    ]


def test_all_that_is_wrong_with_a_list_is_named_together() -> None:
    elements: list[dict[str, Any]] = [
        {"payload": "xml", "operation": "TRUNCATE", "columns": ["id"]},
        {"old": True},
        {},
        {"columns": ["id", 7, ""]},
    ]
    assert problems(*elements) == [
        "[0].columns: a TRUNCATE has no rows and so no columns",
        '[0].payload: must be one of string, json, not "xml"',
        "[2]: says otherwise than [1] for the same table, channel, operation",
        '[3].columns: must be a list of different columns\' names, at least one, not ["id", 7, ""]',
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("chat", ("chat",)),
        ("chat:{room_id}", ("chat:", Column("room_id"))),
        ("{a}{Odd name}", (Column("a"), Column("Odd name"))),
        ("{{{a}}}!", ("{", Column("a"), "}!")),
        ("", ()),
    ],
)
def test_a_template_is_texts_and_columns(text: str, parts: tuple[templates.Part, ...]) -> None:
    assert templates.parse(text) == parts


@pytest.mark.parametrize("text", ["{", "}", "{}", "{a", "a}", "{{a}", "{a{b}}"])
def test_a_single_brace_is_no_template(text: str) -> None:
    with pytest.raises(templates.TemplateError):
        templates.parse(text)
