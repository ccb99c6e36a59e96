"""Virtual environments with exactly the packages of a requirements file, hashes checked."""

import re
import subprocess
import sys
from pathlib import Path

from scripts.set_up.commands import CommandError
from scripts.set_up.files import remove
from scripts.set_up.step import SetUpError, Workshop

VENV = ".venv"
MINISTACK = ".setup/ministack"
UV = ".setup/uv"
PROBE_SECONDS = 30

_UV = re.compile(r"^uv==(?:.*\\\n)*.*\n", re.MULTILINE)


def broken(environment: Path) -> str:
    """Why an environment's Python cannot be used; "" where it can.

    Its link to the system's Python dangles once that is removed, and leads to one with other
    folders once that is upgraded.
    """
    program = "import sys; print('{}.{}'.format(*sys.version_info))"
    try:
        result = subprocess.run(  # noqa: S603  # this checkout's own
            [environment / "bin" / "python", "-I", "-S", "-c", program],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "its Python does not start"
    version = result.stdout.strip()
    if not (environment / "lib" / f"python{version}" / "site-packages").is_dir():
        return f"its Python has become {version}"
    return ""


def make_venv(workshop: Workshop, *, update: bool) -> None:
    """The environment of everything; one to be updated keeps what has not changed.

    uv installs in seconds what pip installs in minutes, but reads no pip.conf: pip is the fallback.
    """
    if not update:
        remove(workshop.root / VENV)
        _create(workshop)
    _install_uv(workshop)
    lock = workshop.root / "requirements-dev.txt"
    try:
        _sync(workshop, VENV, lock)
    except CommandError as error:
        workshop.report(f"uv could not install them, trying pip: {error.last_line()}")
        _pip(workshop, "install", "--require-hashes", "-r", lock)


def make_ministack(workshop: Workshop, *, update: bool) -> None:
    """The environment of the emulated AWS, which pins an AWS SDK that nothing else wants.

    It has no pip; that of .venv, which is the fallback here too, installs into it.
    """
    environment = workshop.root / MINISTACK
    if not update:
        remove(environment)
        python = workshop.root / VENV / "bin" / "python"
        workshop.commands.run(python, "-m", "venv", "--without-pip", environment)
    lock = workshop.root / "tests" / "deploy" / "requirements.txt"
    try:
        _sync(workshop, MINISTACK, lock)
    except CommandError as error:
        workshop.report(f"uv could not install it, trying pip: {error.last_line()}")
        target = ("--python", environment / "bin" / "python")
        _pip(workshop, *target, "install", "--require-hashes", "-r", lock)


def _create(workshop: Workshop) -> None:
    python = Path(sys.executable)
    if not python.exists():  # it was that of the environment that is to be made again
        python = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    try:
        workshop.commands.run(python, "-m", "venv", workshop.root / VENV)
    except CommandError as error:
        msg = (
            f"'{python} -m venv {VENV}' failed: {error.last_line()}; "
            "on Debian and Ubuntu it needs the package python3-venv"
        )
        raise SetUpError(msg, error.output) from error


def _install_uv(workshop: Workshop) -> None:
    """Install uv; its wheel is kept, so that the next time needs no network."""
    kept = workshop.root / UV
    lock = kept / "requirements.txt"
    install = ("install", "--no-index", "--find-links", kept, "--require-hashes", "-r", lock)
    requirement = _uv_requirement((workshop.root / "requirements.txt").read_text())
    if lock.exists() and lock.read_text() == requirement:
        try:
            _pip(workshop, *install)
        except CommandError:  # for another machine, or half of a wheel
            pass
        else:
            return
    remove(kept)
    kept.mkdir(parents=True)
    lock.write_text(requirement)
    _pip(workshop, "download", "--no-deps", "--require-hashes", "--dest", kept, "-r", lock)
    _pip(workshop, *install)


def _pip(workshop: Workshop, *arguments: str | Path) -> None:
    python = workshop.root / VENV / "bin" / "python"
    workshop.commands.run(
        *(python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)
    )


def _sync(workshop: Workshop, environment: str, lock: Path) -> None:
    uv = workshop.root / VENV / "bin" / "uv"
    python = workshop.root / environment / "bin" / "python"
    workshop.commands.run(
        *(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock)
    )


def _uv_requirement(lock: str) -> str:
    found = _UV.search(lock)
    if found is None:
        raise SetUpError("requirements.txt pins no uv: run `make requirements`")
    return found[0]
