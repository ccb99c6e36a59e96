"""What the values of a mapping must be beyond their types, in code and as JSON Schema has it.

Each function raises the sentence to show, or ValueError if the declaration has it.
"""

from typing import Annotated

from pydantic import Field
from pydantic.config import JsonDict

from connector_task.config import templates
from connector_task.config.declaration import unusable

MAX_PLACEHOLDERS = 4  # of a channel: its length must stay bounded
MAX_HEADERS = 20
MAX_CONDITION_CHARACTERS = 2000

HeaderValue = str | int | float | bool
Headers = tuple[tuple[str, HeaderValue], ...]


def template(text: str) -> str:
    """A text in which braces are around columns, or doubled."""
    try:
        templates.parse(text)
    except templates.TemplateError as exc:
        raise unusable(str(exc)) from None
    return text


def channel(text: str) -> str:
    """A template for a channel's name: the column's value does not choose the namespace."""
    placeholders = len(templates.columns(template(text)))
    if placeholders > MAX_PLACEHOLDERS:
        raise unusable(f"must have at most {MAX_PLACEHOLDERS} columns")
    if placeholders and text.startswith("{") and not text.startswith("{{"):
        # Otherwise the column's value chooses among all channels.
        raise unusable("must begin with fixed text, before any column")
    return text


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of which none is repeated."""
    if len(set(names)) < len(names):
        raise ValueError
    return names


def condition(text: str) -> str:
    """SQL that cannot end the statement that it becomes a part of."""
    if ";" in text or "\0" in text:
        raise unusable("must be one SQL condition, without a semicolon")
    return text


def headers(value: object) -> object:
    """The pairs of the object that a file has: they can be hashed."""
    if not isinstance(value, dict):
        return value
    if not 0 < len(value) <= MAX_HEADERS:
        raise ValueError
    for content in value.values():
        if not isinstance(content, str | int | float | bool):
            raise unusable("must hold texts, numbers, true and false only")
        if isinstance(content, str):
            template(content)
    return tuple(value.items())


TEMPLATE = r"^([^{}]|\{\{|\}\}|\{[^{}]+\})*$"
CHANNEL = r"^([^{}]|\{\{|\}\})+(\{[^{}]+\}([^{}]|\{\{|\}\})*){0,4}$"
FIXED: JsonDict = {"type": "string", "pattern": r"^([^{}]|\{\{|\}\})*$"}
HeadersInFile = dict[str, Annotated[str, Field(pattern=TEMPLATE)] | float | bool]
