"""Reads SQL files: each package keeps its own in `sql/`, beside the code that runs them."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files


def sql_files(package: str) -> Callable[[str], str]:
    """The reader of a package's statements: name to the text of `sql/<name>.sql`, read once."""

    @cache
    def statement(name: str) -> str:
        return (files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8")

    return statement
