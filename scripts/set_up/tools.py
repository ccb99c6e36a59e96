"""What the installed packages find or fetch: a browser for the tests, wheels for the functions."""

import os
from pathlib import Path

from scripts.set_up.commands import CommandError
from scripts.set_up.files import remove
from scripts.set_up.python import VENV
from scripts.set_up.step import SetUpError, Workshop

BROWSER = ".setup/chromium"
WHEELS = ".setup/wheels"
TRYING = "no browser found, trying"
_PATH_FILE = "path"


def find_browser(workshop: Workshop, *, update: bool) -> None:
    """Keep the path of a browser that starts; install one where there is none."""
    folder = workshop.root / BROWSER
    if not update:
        remove(folder)

    def report(line: str) -> None:
        if line.startswith(TRYING):
            workshop.report(line)

    python = workshop.root / VENV / "bin" / "python"
    try:
        said = workshop.commands.run(python, "-m", "scripts.ensure_browser", on_line=report)
    except CommandError as error:
        raise SetUpError(error.last_line()) from error
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _PATH_FILE).write_text(said.splitlines()[-1])


def browser_gone(root: Path) -> str:
    """What is wrong with the browser that was found; "" where nothing is."""
    path = (root / BROWSER / _PATH_FILE).read_text()
    return "" if os.access(path, os.X_OK) else f"there is no {path}"


def prefetch_wheels(workshop: Workshop, *, update: bool) -> None:
    """Install the packages of every function, for Lambda and for this machine."""
    if not update:
        remove(workshop.root / WHEELS)
    workshop.commands.run(
        workshop.root / VENV / "bin" / "python", "-m", "infra.functions.bundling", "--prefetch"
    )
