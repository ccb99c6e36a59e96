"""Turns one raw value of a configuration, a string or a JSON value, into a checked one.

Each function raises UnusableValueError with what is expected, never with the value: the caller
knows whether the value may be shown.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

API_KEY = re.compile(r"[^.:\s]+\.[^.:\s]+:\S+")
TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})

Choice = TypeVar("Choice", bound=StrEnum)


class UnusableValueError(ValueError):
    """A value cannot be used; the message says what is expected."""


def text(value: object) -> str:
    """A string that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise UnusableValueError("must be a text that is not empty")
    return value


def password(value: object) -> str:
    """Any string; empty where the server asks for none."""
    if not isinstance(value, str):
        raise UnusableValueError("must be a text")
    return value


def api_key(value: object) -> str:
    """An Ably API key, `<app>.<key>:<secret>`; with a line end, as an editor leaves it."""
    if not isinstance(value, str) or not API_KEY.fullmatch(value.strip()):
        raise UnusableValueError("must be an Ably API key of the form <app>.<key>:<secret>")
    return value.strip()


def port(value: object) -> int:
    """A TCP port."""
    return _whole_number(value, 1, 65535)


def optional_port(value: object) -> int:
    """A TCP port, or 0 for none."""
    return _whole_number(value, 0, 65535)


def _whole_number(value: object, low: int, high: int) -> int:
    message = f"must be a whole number from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise UnusableValueError(message)
    try:
        number = int(value)
    except ValueError:
        raise UnusableValueError(message) from None
    if not low <= number <= high:
        raise UnusableValueError(message)
    return number


def seconds(low: float, high: float) -> Callable[[object], float]:
    """A number of seconds within bounds."""
    expected = f"a number of seconds from {low:g} to {high:g}"
    return lambda value: _number(value, low, high, expected)


def _number(value: object, low: float, high: float, expected: str) -> float:
    message = f"must be {expected}"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnusableValueError(message)
    try:
        number = float(value)
    except ValueError:
        raise UnusableValueError(message) from None
    if not low <= number <= high:
        raise UnusableValueError(message)
    return number


def rate(value: object) -> float:
    """A number of something in a time; 0 is without limit."""
    return _number(value, 0, 1e12, "a number, 0 for no limit")


def whole_number(low: int, high: int) -> Callable[[object], int]:
    """A whole number within bounds."""
    return lambda value: _whole_number(value, low, high)


def boolean(value: object) -> bool:
    """A JSON boolean, or one of the usual words."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    raise UnusableValueError("must be true or false")


def choice(choices: type[Choice]) -> Callable[[object], Choice]:
    """One of an enum's values, whatever its case."""
    by_name = {member.value.casefold(): member for member in choices}

    def parse(value: object) -> Choice:
        found = by_name.get(value.casefold()) if isinstance(value, str) else None
        if found is None:
            raise UnusableValueError(f"must be one of {', '.join(choices)}")
        return found

    return parse


def readable_file(value: object) -> str:
    """The path of a file that exists."""
    path = text(value)
    if not Path(path).is_file():
        raise UnusableValueError("must be the path of a file that exists")
    return path
