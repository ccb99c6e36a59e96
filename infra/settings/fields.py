"""How one deploy setting is declared and read: its parser, and its default in each stage.

A parser takes the text of a setting and gives its value, or raises ValueError with what the setting
"must be"; the sentence around it is made here, so that every knob complains alike.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

Parser = Callable[[str], object]

STAGES = ("dev", "prod")
NONE = "none"  # how "not set" is written, on a command line as in cdk.json


class ConfigError(Exception):
    """The settings of a stage cannot be deployed; `problems` holds one sentence for each."""

    def __init__(self, problems: Collection[str]) -> None:
        self.problems = tuple(problems)
        listed = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"unable to synthesize; the settings are wrong:{listed}")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting's rules.

    Attributes:
        parse: text to value.
        defaults: the text that stands where nothing is set, by stage.
        echo: whether a wrong value may be repeated in a message.
    """

    parse: Parser
    defaults: dict[str, str]
    echo: bool


def setting(parse: Parser, *, dev: str, prod: str | None = None, echo: bool = True) -> Any:
    """Declare a setting as a dataclass field; `prod` is as `dev` unless given."""
    defaults = {"dev": dev, "prod": dev if prod is None else prod}
    return field(metadata={"knob": Setting(parse=parse, defaults=defaults, echo=echo)})


def as_text(value: object) -> str:
    """A setting's value in its one written form, as it came from cdk.json or `-c name=value`."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(as_text(item) for item in value)
    return str(value).strip()


def read(name: str, rules: Setting, text: str) -> object:
    """Parse one setting.

    Raises:
        ValueError: the whole sentence that tells what is wrong with it.
    """
    try:
        return rules.parse(text)
    except ValueError as error:
        shown = f", not {text!r}" if rules.echo else ""
        raise ValueError(f"{name} must be {error}{shown}.") from error


def integer(low: int, high: int) -> Parser:
    """A whole number within both bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def optional(parser: Parser) -> Parser:
    """What `parser` reads, or None where the text is `none`."""

    def parse(text: str) -> object:
        if text == NONE:
            return None
        try:
            return parser(text)
        except ValueError as error:
            raise ValueError(f"{error}, or {NONE}") from error

    return parse


def one_of(*choices: str) -> Parser:
    """One of these words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text

    return parse


def one_number_of(*choices: int) -> Parser:
    """One of these numbers."""

    def parse(text: str) -> int:
        if text not in map(str, choices):
            raise ValueError(f"one of {', '.join(map(str, choices))}")
        return int(text)

    return parse


def flag(text: str) -> bool:
    """`true` or `false`, nothing that only looks like it."""
    if text not in {"true", "false"}:
        raise ValueError("true or false")
    return text == "true"


def matching(pattern: str, meaning: str) -> Parser:
    """Text of a fixed form."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(meaning)
        return text

    return parse


def list_of(parser: Parser) -> Parser:
    """Values separated by commas, as a tuple; `none` is the empty one."""

    def parse(text: str) -> tuple[object, ...]:
        if text == NONE:
            return ()
        return tuple(parser(item.strip()) for item in text.split(","))

    return parse
