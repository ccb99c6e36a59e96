"""The SQL files, each read once."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (files("connector_task") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def migrations() -> dict[str, str]:
    """The texts of `sql/migrations/`, by name, in the order of their numbers."""
    folder = files("connector_task") / "sql" / "migrations"
    paths = sorted((path for path in folder.iterdir()), key=lambda path: path.name)
    return {path.name.removesuffix(".sql"): path.read_text(encoding="utf-8") for path in paths}
