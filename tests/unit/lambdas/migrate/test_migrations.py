"""Migration files: their names and numbers."""

from pathlib import Path

import pytest

from lambdas.migrate import migrations
from lambdas.migrate.migrations import MigrationError


def test_the_files_are_numbered_from_one_without_a_gap() -> None:
    assert [migration.number for migration in migrations.load()] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["0002_b.sql"], "a gap or a duplicate"),
        (["0001_a.sql", "0003_c.sql"], "a gap or a duplicate"),
        (["0001_a.sql", "0001_b.sql"], "a gap or a duplicate"),
        (["1_a.sql"], "1_a.sql is not named NNNN_what.sql"),
        (["0001-A.sql"], "0001-A.sql is not named NNNN_what.sql"),
    ],
)
def test_files_that_do_not_fit_together_are_said(
    tmp_path: Path, names: list[str], problem: str
) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match=problem):
        migrations.load(tmp_path)


def test_every_file_says_why_and_what_it_locks() -> None:
    for migration in migrations.load():
        assert migration.statements.startswith("-- ")
        assert "Lock: " in migration.statements
