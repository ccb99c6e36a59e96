"""What is wrong with a configuration, one sentence each, in the operator's own spelling.

pydantic finds the problems; here each gets its place (`dbConfig.port`, or `DB_PORT` where the
environment was read) and what the setting's declaration expects.
"""

import json
import re
from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from connector_task.config.declaration import expectation, facts
from connector_task.config.mapping import TableMapping
from connector_task.config.model import settings

Place = tuple[str | int, ...]

DECLARED: dict[Place, FieldInfo] = {
    setting.path: setting.field
    for section in (settings(), settings(TableMapping, ("connector",)))
    for setting in section
}


def problems(
    error: ValidationError, document: Mapping[str, object], variables: Mapping[Place, str]
) -> Iterator[str]:
    """A sentence for each problem, in the order of declaration.

    Args:
        error: of validating the document.
        document: keys and values as the operator wrote them.
        variables: the environment's name of each setting; empty where a file's keys are meant.
    """
    lines = error.errors(include_url=False)
    # A value with several errors inside gets one sentence.
    return iter(dict.fromkeys(_sentence(line, document, variables) for line in lines))


def spelled(place: Place, variables: Mapping[Place, str]) -> str:
    """A place as the operator wrote it."""
    ends = range(len(place), 0, -1)
    named = next((end for end in ends if place[:end] in variables), 0)
    start = variables[place[:named]] if named else str(place[0])
    inner = place[named or 1 :]
    return start + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inner)


def _sentence(
    line: ErrorDetails, document: Mapping[str, object], variables: Mapping[Place, str]
) -> str:
    place = line["loc"]
    match line["type"]:
        case "missing":
            said = "missing"
        case "extra_forbidden":
            said = "unknown key"
        case "model_type":
            said = "must be an object"
        case "conflict":
            said = _with_spelled_keys(line["msg"], place[:-1], variables)
        case _:
            place = _setting_at(place)
            said = _expected(line, DECLARED[_keys(place)], _value_at(place, document))
    return f"{spelled(place, variables)}: {said}"


def _with_spelled_keys(message: str, section: Place, variables: Mapping[Place, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: spelled((*section, found[1]), variables), message)


def _expected(line: ErrorDetails, declared: FieldInfo, value: object) -> str:
    match line["type"]:
        case "unusable":
            said = line["msg"]
        case "string_too_long":
            said = f"must be at most {line['ctx']['max_length']} characters long"
        case _:
            said = f"must be {expectation(declared)}"
    return f"{said}, not {json.dumps(value)}" if facts(declared).echo else said


def _setting_at(place: Place) -> Place:
    """The place of the setting that an error inside its value is about."""
    ends = range(len(place), 0, -1)
    return next(
        place[:end]
        for end in ends
        if isinstance(place[end - 1], str) and _keys(place[:end]) in DECLARED
    )


def _keys(place: Place) -> Place:
    return tuple(part for part in place if isinstance(part, str))


def _value_at(place: Place, document: object) -> object:
    for part in place:
        document = document[part]  # type: ignore[index]  # pydantic has been at the place
    return document
