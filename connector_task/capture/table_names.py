"""Reads table names the way people write them in a configuration. Pure."""

import re

IDENTIFIER = r'"(?:[^"]|"")+"|[^".]+'
NAME = re.compile(rf"(?:(?P<schema>{IDENTIFIER})\.)?(?P<table>{IDENTIFIER})")


def candidates(written: str) -> list[tuple[str | None, str]]:
    """The tables that a name may mean, as (schema, table), the likeliest first.

    `users`, `app.users`, `"Odd.Name"` and `app."Odd Name"` are understood. A name without quotes
    means the table of exactly that name, or else the one SQL would take it for, in lower case.
    No schema means the search path. An empty list: it is no table's name at all.
    """
    match = NAME.fullmatch(written.strip())
    if match is None:
        return []
    schema, table = match["schema"], match["table"]
    exact = (_exact(schema) if schema else None, _exact(table))
    folded = (_folded(schema) if schema else None, _folded(table))
    return [exact] if exact == folded else [exact, folded]


def quoted(schema: str, table: str) -> str:
    """The table as SQL names it."""
    return f"{_quoted(schema)}.{_quoted(table)}"


def _quoted(identifier: str) -> str:
    doubled = identifier.replace('"', '""')
    return f'"{doubled}"'


def _exact(identifier: str) -> str:
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier.strip()


def _folded(identifier: str) -> str:
    return _exact(identifier) if identifier.startswith('"') else identifier.strip().lower()
