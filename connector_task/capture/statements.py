"""The SQL of the installation and of the capture functions."""

from functools import cache
from importlib.resources import files

from connector_task.postgres.sql_files import sql_files

statement = sql_files("connector_task.capture")


@cache
def migrations() -> dict[str, str]:
    """The texts of `sql/migrations/`, by name, in the order of their numbers."""
    folder = files("connector_task.capture") / "sql" / "migrations"
    paths = sorted((path for path in folder.iterdir()), key=lambda path: path.name)
    return {path.name.removesuffix(".sql"): path.read_text(encoding="utf-8") for path in paths}
