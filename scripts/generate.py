"""Writes the files, and the tables in documents, that are made from the declarations of settings.

    make generated

A test compares what is written with what would be.
"""

import re
from pathlib import Path

from scripts.connector_schema import schema_text
from scripts.setting_tables import connector_table, mapping_table, stage_table

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "connector_task" / "config" / "schema.json"
CONFIGURATION = ROOT / "docs" / "configuration.md"
TABLES = {
    "settings of the connector": connector_table,
    "keys of a mapping": mapping_table,
    "settings of a stage": stage_table,
}


def generated() -> dict[Path, str]:
    """Each file with the content that it should have."""
    document = CONFIGURATION.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        document = _with_table(document, name, table())
    return {SCHEMA: schema_text(), CONFIGURATION: document}


def _with_table(document: str, name: str, table: str) -> str:
    begin, end = f"<!-- begin: {name}, by `make generated` -->", f"<!-- end: {name} -->"
    found = re.search(f"{re.escape(begin)}\n.*?{re.escape(end)}", document, re.DOTALL)
    if not found:
        raise ValueError(f"{CONFIGURATION.name} lacks {begin} … {end}")
    return f"{document[: found.start()]}{begin}\n{table}\n{end}{document[found.end() :]}"


def main() -> None:
    """Write what differs."""
    for path, content in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
