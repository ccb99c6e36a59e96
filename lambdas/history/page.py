"""A page of messages: parses the query, reads the rows, and builds a response that fits."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.common.http import RequestError

DEFAULT_LIMIT = 50
MAX_BIGINT = 2**63 - 1
# Lambda's response is at most 6 MB, and the body is escaped once more in it.
MAX_PAGE_BYTES = 1_048_576

_NUMBER = re.compile(r"[0-9]{1,19}")

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """Which page: at most `limit` messages with numbers below `before`."""

    before: int
    limit: int

    @classmethod
    def parse(cls, query: Mapping[str, str], *, max_limit: int) -> "PageRequest":
        """Read the query; without `before` it selects the newest page.

        Raises:
            RequestError: a parameter is wrong; the message names it.
        """
        default = min(DEFAULT_LIMIT, max_limit)
        return cls(
            before=_number(query, "before", default=MAX_BIGINT, maximum=MAX_BIGINT),
            limit=_number(query, "limit", default=default, maximum=max_limit),
        )


def read(cursor: Cursor, request: PageRequest) -> list[Row]:
    """The page's rows and, if there are older ones, one of those."""
    cursor.execute(_statement(), {"before": request.before, "limit": request.limit + 1})
    columns = [column.name for column in cursor.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def answer(rows: list[Row], request: PageRequest) -> dict[str, Any]:
    """The body: as many rows as fit, and where the next page begins, null on the last page."""
    fitting = rows[: request.limit]
    size = 0
    for index, row in enumerate(fitting):
        size += len(json.dumps(row))
        if index and size > MAX_PAGE_BYTES:
            fitting = fitting[:index]
            break
    more = len(fitting) < len(rows)
    return {
        "messages": fitting,
        "nextBefore": fitting[-1]["incremental_record_id"] if more else None,
    }


def _number(query: Mapping[str, str], name: str, *, default: int, maximum: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    number = int(text) if _NUMBER.fullmatch(text) else 0
    if not 1 <= number <= maximum:
        raise RequestError(f"{name} must be a whole number from 1 to {maximum}")
    return number


@cache
def _statement() -> str:
    return (Path(__file__).parent / "sql" / "page.sql").read_text()
