"""The connector's image, as far as can be said without building it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "connector_task"
DOCKERFILE = FOLDER / "Dockerfile"


@pytest.fixture(scope="module")
def last_stage() -> str:
    text = DOCKERFILE.read_text()
    return text[text.rindex("FROM ") :]


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    result = subprocess.run(
        [hadolint, "--strict-labels", DOCKERFILE], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_the_process_is_not_root_and_owns_nothing(last_stage: str) -> None:
    users = re.findall(r"^USER (.+)$", last_stage, re.MULTILINE)
    assert users == ["10001:10001"]
    assert "chown" not in DOCKERFILE.read_text()


@pytest.mark.parametrize("instruction", ["ENTRYPOINT", "CMD", "HEALTHCHECK"])
def test_signals_reach_the_process_as_no_shell_stands_between(
    last_stage: str, instruction: str
) -> None:
    text = last_stage.replace("\\\n", " ")
    arguments = re.search(rf"^{instruction} (?:--\S+ +)*(?:CMD )?(.*)$", text, re.MULTILINE)
    assert arguments is not None
    assert re.fullmatch(r'\["[^"]+"(, "[^"]+")*\]', arguments[1].strip())


def test_the_image_installs_by_hash_only_and_writes_nothing_at_run_time() -> None:
    text = DOCKERFILE.read_text()
    assert "--require-hashes" in text
    assert "PYTHONDONTWRITEBYTECODE=1" in text


def test_every_file_that_the_connector_needs_is_let_into_the_context() -> None:
    ignored = (FOLDER / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    needed = {
        path.relative_to(FOLDER).parts[0] if path.suffix == ".pem" else f"**/*{path.suffix}"
        for path in FOLDER.rglob("*")
        if path.suffix in (".py", ".sql", ".pem")
    }
    assert ignored[1] == "*"
    assert needed | {"requirements.txt"} == allowed


def test_the_locked_requirements_carry_hashes() -> None:
    lines = (FOLDER / "requirements.txt").read_text().splitlines()
    pinned = [line for line in lines if re.match(r"^[a-z].*==", line)]
    assert pinned
    assert all(line.endswith("\\") for line in pinned)
