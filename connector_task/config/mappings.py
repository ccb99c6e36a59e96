"""Turns the list of mappings into checked ones; a problem is told with its place in the list."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from connector_task.config import templates, values
from connector_task.config.model import (
    CHANNEL_MAX_CHARACTERS,
    PLAIN,
    TABLE_MAX_CHARACTERS,
    HeaderValue,
    MappingOptions,
    Operation,
    Payload,
    TableMapping,
)
from connector_task.config.values import UnusableValueError

MAX_PLACEHOLDERS = 4  # of a channel: its length must stay bounded
MAX_HEADERS = 20
MAX_CONDITION_CHARACTERS = 2000


class MappingProblemsError(UnusableValueError):
    """A list of mappings has problems, each at its own place in the list."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def mappings(value: object) -> tuple[TableMapping, ...]:
    """The list of mappings, itself or as JSON text; one that is there twice counts once.

    Raises:
        MappingProblemsError: some of its elements cannot be used.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as exc:
            raise UnusableValueError(
                f"must be a JSON array ({exc.msg} at character {exc.pos + 1})"
            ) from None
    if not isinstance(value, list):
        raise UnusableValueError("must be a JSON array of objects")
    problems: list[str] = []
    found: dict[TableMapping, int] = {}
    for index, element in enumerate(value):
        mapping = _mapping(element, f"[{index}]", problems)
        if mapping:
            found.setdefault(mapping, index)
    problems += _contradictions(found)
    if problems:
        raise MappingProblemsError(problems)
    return tuple(found)


def _contradictions(found: dict[TableMapping, int]) -> Iterator[str]:
    """The control table knows a mapping by table, channel and operation alone."""
    first: dict[tuple[str, str, Operation], int] = {}
    for mapping, index in found.items():
        place = first.setdefault((mapping.table, mapping.channel, mapping.operation), index)
        if place != index:
            yield f"[{index}]: says otherwise than [{place}] for the same table, channel, operation"


def _mapping(element: object, place: str, problems: list[str]) -> TableMapping | None:
    if not isinstance(element, dict):
        problems.append(f"{place}: must be an object")
        return None
    known = {**REQUIRED, **OPTIONAL}
    problems += [f"{place}.{key}: unknown key" for key in element if key not in known]
    parsed: dict[str, Any] = {}
    for key, parse in known.items():
        if key not in element:
            if key in REQUIRED:
                problems.append(f"{place}.{key}: missing")
            continue
        try:
            parsed[key] = parse(element[key])
        except UnusableValueError as exc:
            problems.append(f"{place}.{key}: {exc}, not {json.dumps(element[key])}")
    if not parsed.keys() >= REQUIRED.keys():
        return None
    options = {key: value for key, value in parsed.items() if key in OPTIONAL}
    mapping = TableMapping(
        parsed["tablename"],
        parsed["ablychannelname"],
        parsed["operation"],
        MappingOptions(**options) if options else PLAIN,
    )
    problems += [f"{place}.{problem}" for problem in _unfitting(mapping)]
    return mapping


def _unfitting(mapping: TableMapping) -> Iterator[str]:
    """What its operation does not go with."""
    options = mapping.options
    if options.old and mapping.operation is not Operation.UPDATE:
        yield f"old: only an UPDATE has an old row, not {mapping.operation}"
    if mapping.operation is not Operation.TRUNCATE:
        return
    used = {
        "columns": options.columns is not None,
        "where": options.where is not None,
        "ablychannelname": bool(templates.columns(mapping.channel)),
        "headers": bool(options.header_columns),
    }
    for key, is_used in used.items():
        if is_used:
            yield f"{key}: a TRUNCATE has no rows and so no columns"


def _text_up_to(characters: int) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if len(values.text(value)) > characters:
            raise UnusableValueError(f"must be at most {characters} characters long")
        return values.text(value)

    return parse


def _template(value: object) -> str:
    text = values.text(value)
    try:
        templates.parse(text)
    except templates.TemplateError as exc:
        raise UnusableValueError(str(exc)) from None
    return text


def _channel(value: object) -> str:
    text = _template(_text_up_to(CHANNEL_MAX_CHARACTERS)(value))
    placeholders = len(templates.columns(text))
    if placeholders > MAX_PLACEHOLDERS:
        raise UnusableValueError(f"must have at most {MAX_PLACEHOLDERS} columns")
    if placeholders and text.startswith("{") and not text.startswith("{{"):
        # Otherwise whoever writes the column chooses among all channels there are.
        raise UnusableValueError("must begin with fixed text, before any column")
    return text


def _columns(value: object) -> tuple[str, ...]:
    message = "must be a list of different columns' names, at least one"
    if not isinstance(value, list) or not value:
        raise UnusableValueError(message)
    if not all(isinstance(name, str) and name for name in value) or len(set(value)) < len(value):
        raise UnusableValueError(message)
    return tuple(value)


def _condition(value: object) -> str:
    text = _text_up_to(MAX_CONDITION_CHARACTERS)(value)
    if ";" in text or "\0" in text:
        raise UnusableValueError("must be one SQL condition, without a semicolon")
    return text


def _headers(value: object) -> tuple[tuple[str, HeaderValue], ...]:
    if not isinstance(value, dict) or not 0 < len(value) <= MAX_HEADERS:
        raise UnusableValueError(f"must be an object of 1 to {MAX_HEADERS} headers")
    headers: list[tuple[str, HeaderValue]] = []
    for name, content in value.items():
        if not isinstance(content, str | int | float | bool):
            raise UnusableValueError("must hold texts, numbers, true and false alone")
        headers.append((name, _template(content) if isinstance(content, str) else content))
    return tuple(headers)


REQUIRED: dict[str, Callable[[object], object]] = {
    "tablename": _text_up_to(TABLE_MAX_CHARACTERS),
    "ablychannelname": _channel,
    "operation": values.choice(Operation),
}
OPTIONAL: dict[str, Callable[[object], object]] = {
    "columns": _columns,
    "where": _condition,
    "old": values.boolean,
    "payload": values.choice(Payload),
    "headers": _headers,
}
