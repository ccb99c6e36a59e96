"""How one deploy setting is declared and read.

A declaration is a dataclass field: type, what its text may be, default in each stage, meaning. The
table of docs/configuration.md is made from it (`make generated`).
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

STAGES = ("dev", "prod")
NONE = "none"  # how "not set" is written, on a command line as in cdk.json


class ConfigError(Exception):
    """The settings of a stage cannot be deployed; `problems` holds one sentence for each."""

    def __init__(self, problems: Collection[str]) -> None:
        self.problems = tuple(problems)
        listed = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"unable to synthesize; the settings are wrong:{listed}")


@dataclass(frozen=True, kw_only=True)
class Parser:
    """Gives a text's value.

    Attributes:
        expects: what the text must be: the end of a sentence with "must be".
        parse: text to value; raises ValueError where the text is not as expected.
    """

    expects: str
    parse: Callable[[str], object]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting's rules.

    Attributes:
        meaning: for the documentation, in Markdown.
        defaults: the text that stands where nothing is set, by stage.
        echo: whether a wrong value may be repeated in a message.
    """

    meaning: str
    parser: Parser
    defaults: Mapping[str, str]
    echo: bool


def setting(
    meaning: str, parser: Parser, *, dev: str, prod: str | None = None, echo: bool = True
) -> Any:
    """Declare a setting as a dataclass field; `prod` is as `dev` unless given."""
    defaults = {"dev": dev, "prod": dev if prod is None else prod}
    rules = Setting(meaning=meaning, parser=parser, defaults=defaults, echo=echo)
    return field(metadata={"setting": rules})


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
        ValueError: the whole sentence that says what is wrong with it.
    """
    try:
        return rules.parser.parse(text)
    except ValueError as error:
        shown = f", not {text!r}" if rules.echo else ""
        raise ValueError(f"{name} must be {rules.parser.expects}{shown}.") from error


def matching(pattern: str, expects: str) -> Parser:
    """Text of a fixed form."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return Parser(expects=expects, parse=parse)


def integer(low: int, high: int, *, unit: str = "") -> Parser:
    """A whole number within both bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    kind = f"a whole number of {unit}" if unit else "a whole number"
    return Parser(expects=f"{kind} from {low} to {high}", parse=parse)


def optional(parser: Parser) -> Parser:
    """What `parser` reads, or None where the text is `none`."""
    return Parser(
        expects=f"{parser.expects}, or {NONE}",
        parse=lambda text: None if text == NONE else parser.parse(text),
    )


def one_of(*choices: str) -> Parser:
    """One of these words."""
    return matching("|".join(map(re.escape, choices)), f"one of {', '.join(choices)}")


def one_number_of(*choices: int, unit: str = "") -> Parser:
    """One of these numbers."""
    words = one_of(*map(str, choices))
    expects = f"{words.expects} {unit}".rstrip()
    return Parser(expects=expects, parse=lambda text: int(str(words.parse(text))))


def list_of(parser: Parser) -> Parser:
    """Values separated by commas, as a tuple; `none` is the empty one."""

    def parse(text: str) -> tuple[object, ...]:
        return () if text == NONE else tuple(parser.parse(item.strip()) for item in text.split(","))

    return Parser(expects=parser.expects, parse=parse)


_FLAGS = {"true": True, "false": False}


def _flag(text: str) -> bool:
    if text not in _FLAGS:
        raise ValueError
    return _FLAGS[text]


flag = Parser(expects="true or false", parse=_flag)
"""`true` or `false`, nothing that only looks like it."""
