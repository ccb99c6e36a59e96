"""A checkout has the bytes that were committed, however Git is configured."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def git(*arguments: str, cwd: Path, stdin: str = "") -> str:
    run = subprocess.run(
        ["git", *arguments], cwd=cwd, input=stdin, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"git {' '.join(arguments)}: {run.stderr}"
    return run.stdout


def committed(repository: Path) -> dict[str, str]:
    """The path of every file in the index, with the id of its content.

    A line is `<mode> <id> <stage>`, a tab, and a path that -z keeps as it is; files have a mode
    of 100…, links and submodules another.
    """
    lines = git("ls-files", "--stage", "-z", cwd=repository).split("\0")[:-1]
    pairs = (line.split("\t", 1) for line in lines)
    return {path: fields.split()[1] for fields, path in pairs if fields.startswith("100")}


def checked_out(repository: Path, paths: list[str]) -> dict[str, str]:
    """The same of the files as they stand in the work tree, unconverted."""
    listed = "".join(f"{path}\n" for path in paths)
    ids = git("hash-object", "--no-filters", "--stdin-paths", cwd=repository, stdin=listed)
    return dict(zip(paths, ids.split(), strict=True))


@pytest.fixture(scope="module")
def windows_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone by Git for Windows, as somebody then uses it from WSL."""
    clone = tmp_path_factory.mktemp("windows") / "clone"
    options = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    git("clone", "--quiet", *options, str(ROOT), str(clone), cwd=ROOT)
    return clone


def test_a_checkout_by_git_for_windows_has_the_committed_bytes(windows_checkout: Path) -> None:
    # Scripts are executed, SQL and bundles are hashed, lock files and snapshots are compared.
    expected = committed(windows_checkout)
    assert {Path(path).suffix for path in expected} >= {".sh", ".py", ".sql", ".json", ".txt"}
    assert {"Makefile", ".ci/run", "connector_task/Dockerfile"} <= expected.keys()
    actual = checked_out(windows_checkout, list(expected))
    assert [path for path in expected if actual[path] != expected[path]] == []


def test_no_text_is_committed_with_carriage_returns(windows_checkout: Path) -> None:
    # `i/` is how the index has it.
    lines = git("ls-files", "--eol", cwd=windows_checkout).splitlines()
    assert [line for line in lines if line.startswith(("i/crlf", "i/mixed"))] == []
