"""Texts with columns in them, `chat:{room_id}`, as the operator writes them. Pure.

A brace that is meant is written twice: `{{` and `}}`.
"""

import re
from dataclasses import dataclass

PIECE = re.compile(
    r"(?P<brace>\{\{|\}\})|\{(?P<column>[^{}]+)\}|(?P<text>[^{}]+)|(?P<stray>.)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Column:
    """The place of a column's value."""

    name: str


Part = str | Column


class TemplateError(ValueError):
    """A text is no template; the message says what is expected."""


def parse(text: str) -> tuple[Part, ...]:
    """Split a template into texts and columns; two texts never stand side by side.

    Raises:
        TemplateError: a brace is neither doubled nor around a column's name.
    """
    parts: list[Part] = []
    for match in PIECE.finditer(text):
        if match["stray"]:
            raise TemplateError("must have {column} or a doubled brace wherever it has a brace")
        if match["column"]:
            parts.append(Column(match["column"]))
            continue
        literal = match["text"] or match["brace"][0]
        if parts and isinstance(parts[-1], str):
            literal = parts.pop() + literal  # type: ignore[operator]  # just seen to be a text
        parts.append(literal)
    return tuple(parts)


def columns(text: str) -> tuple[str, ...]:
    """The columns that a template names, in its order."""
    return tuple(part.name for part in parse(text) if isinstance(part, Column))
