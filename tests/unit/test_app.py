"""How cdk.json's `python3 app.py` finds the Python that has the CDK."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The interpreter below this environment, without any package.
PLAIN = [str(getattr(sys, "_base_executable", sys.executable)), "-S"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the app and nothing else."""
    shutil.copy(ROOT / "app.py", tmp_path)
    return tmp_path


def run(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*command, "app.py"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_it_goes_on_in_the_checkouts_own_environment(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "its own: $*"\n')
    python.chmod(0o755)
    assert run(PLAIN, checkout).stdout == "its own: app.py\n"


def test_without_one_a_sentence_says_what_to_run(checkout: Path) -> None:
    result = run(PLAIN, checkout)
    assert result.returncode == 1
    assert "has no aws-cdk-lib: run `make bootstrap STAGE=dev`" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_environment_that_is_active_is_kept(checkout: Path) -> None:
    shutil.copytree(ROOT / "infra", checkout / "infra")
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").write_text("not to be run")
    result = run([sys.executable], checkout)
    # It got as far as the stage that is not chosen.
    assert "stage must be chosen" in result.stderr
