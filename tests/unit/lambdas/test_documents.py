"""docs/configuration.md against the code: every variable, reason, metric and log action."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lambdas.ably_rule.settings import RuleSettings
from lambdas.auth.settings import AuthSettings
from lambdas.common.errors import SettingsError
from lambdas.common.settings import DatabaseSettings, SettingsReader
from lambdas.history.settings import HistorySettings
from lambdas.ingest.commands import Reason
from lambdas.ingest.settings import IngestSettings

ROOT = Path(__file__).parents[3]
ENDS = ("Applied", "Superseded", "Refused")


class Recording(Mapping[str, str]):
    """An empty environment that remembers what was requested for."""

    def __init__(self) -> None:
        self.requested: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.requested.add(key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def section() -> str:
    """The part of the document that is about the functions."""
    text = (ROOT / "docs" / "configuration.md").read_text()
    return text.partition("\n## Lambda functions\n")[2].partition("\n## ")[0]


def table(first_column: str) -> dict[str, list[str]]:
    """Each name in a table's first column, with the rest of its row."""
    _, _, body = section().partition(f"| {first_column} |")
    lines = [line for line in body.partition("\n\n")[0].splitlines()[2:] if line.startswith("|")]
    found: dict[str, list[str]] = {}
    for line in lines:
        first, *rest = [cell.strip() for cell in line.strip("|").split("|")]
        for name in re.findall(r"`(\w+)`", first):
            found[name] = rest
    return found


def source() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "lambdas").rglob("*.py"))


@pytest.mark.parametrize(
    ("function", "parse"),
    [
        ("ingest", IngestSettings.parse),
        ("ably_rule", RuleSettings.parse),
        ("auth", AuthSettings.parse),
        ("history", HistorySettings.parse),
        ("migrate", lambda environment: DatabaseSettings.read(SettingsReader(environment))),
    ],
)
def test_the_variables_of_a_function_are_those_of_the_table(
    function: str, parse: Callable[[Mapping[str, str]], object]
) -> None:
    environment = Recording()
    with contextlib.suppress(SettingsError):  # what is required is missing, all was requested for
        parse(environment)
    documented = {name for name, cells in table("variable").items() if function in cells[0]}
    assert documented == environment.requested


def test_the_reasons_of_a_reject_are_those_of_the_table() -> None:
    assert set(table("reason")) == {str(reason) for reason in Reason}


def test_the_metrics_are_those_of_the_table() -> None:
    names = set(re.findall(r'count(?:_by_reason)?\(\s*"(\w+)"', source()))
    outcomes = {f"{kind}{end}" for kind in ("Edits", "Deletes") for end in ENDS}
    assert set(table("metric")) == names | outcomes


def test_the_log_keys_are_those_of_the_table() -> None:
    keys = set(
        re.findall(r'"(\w+)":', "".join(re.findall(r"extra=\{(.*?)\}", source(), re.DOTALL)))
    )
    assert set(table("key")) == keys


def test_the_actions_are_those_of_the_table() -> None:
    actions = set(re.findall(r'"action": "(\w+)"', source()))
    assert set(re.findall(r"`(\w+)`", table("key")["action"][0])) == actions
