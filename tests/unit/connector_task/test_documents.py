"""What the documents say about the connector is what the code does."""

import re
from pathlib import Path

from connector_task.config.model import settings
from connector_task.errors import ErrorCode
from connector_task.observability.metrics import UNITS

REPOSITORY = Path(__file__).parents[3]


def section(document: str, title: str = "Connector") -> str:
    text = (REPOSITORY / "docs" / document).read_text()
    _, _, after = text.partition(f"## {title}\n")
    assert after
    return re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str, columns: int) -> list[list[str]]:
    """The cells of every table row that is this wide, without the heading lines."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [row for row in cells if len(row) == columns and row[0].startswith("`")]


def test_every_setting_is_documented_under_both_its_names() -> None:
    documented = {(row[0].strip("`"), row[1].strip("`"))
                  for row in rows(section("configuration.md"), 5)}  # fmt: skip
    assert documented == {
        (".".join(setting.path), setting.facts.variable) for setting in settings()
    }


def test_every_documented_default_is_the_codes() -> None:
    stated = {row[1].strip("`"): row[2] for row in rows(section("configuration.md"), 5)}
    for setting in settings():
        variable, value = setting.facts.variable, setting.field.default
        if setting.field.is_required():
            assert stated[variable] == "required"
        elif value is not None:
            shown = str(value).lower() if isinstance(value, bool) else f"{value}"
            shown = f"{value:.15g}" if isinstance(value, float) else shown
            assert stated[variable].startswith(f"`{shown}`"), variable


def test_every_error_code_is_documented_once() -> None:
    documented = [row[0].strip("`") for row in rows(section("errors.md"), 3)]
    assert sorted(documented) == sorted(ErrorCode)


def test_every_metric_is_documented_with_its_unit() -> None:
    documented = {row[0].strip("`"): row[1] for row in rows(section("metrics.md"), 4)}
    assert documented == UNITS


def test_every_test_that_the_guarantees_name_exists() -> None:
    text = (REPOSITORY / "docs" / "guarantees.md").read_text()
    folders = {
        "F": "tests/integration/faults",
        "I": "tests/integration/connector",
        "U": "tests/unit/connector_task",
    }
    named = re.findall(r"`([FIU])/([\w/]+\.py)::(\w+)`", text)
    assert len(named) > 10
    for folder, file, test in named:
        assert f"def {test}(" in (REPOSITORY / folders[folder] / file).read_text(), test
