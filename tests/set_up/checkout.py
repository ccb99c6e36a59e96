"""A copy of what the set-up needs of this checkout, in which `make setup` runs."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from tests.fixtures.local_run import assert_gone
from tests.fixtures.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
NEEDED = (
    *("Makefile", ".npmrc", "package.json", "package-lock.json"),
    *("requirements.txt", "requirements-dev.txt"),
    *("scripts", "web", "lambdas", "infra/__init__.py", "infra/functions/bundling.py"),
    *(
        f"tests/{folder}/package{kind}.json"
        for folder in ("deploy", "postgres")
        for kind in ("", "-lock")
    ),
    "tests/deploy/requirements.txt",
)
MADE = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
DEADLINE_SECONDS = 100.0
# What `make test` hands down, its own arguments among it.
OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
LIMITED = ("sh", "-c", 'ulimit -f "$0" && exec "$@"')
OFFLINE = {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1", "npm_config_offline": "true"}


@dataclass
class Make:
    """A running make, the leader of a process group as in a terminal."""

    root: Path
    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)
    _reader: threading.Thread | None = None

    def follow(self) -> None:
        """Collect what it says."""
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self._reader.start()

    def until(self, sign: str) -> None:
        """Wait until it has said something, or made a new file or folder of a pattern."""
        old = set(self.root.glob(sign))

        def seen() -> bool:
            ended = self.process.poll() is not None
            there = set(self.root.glob(sign))
            old.intersection_update(there)  # what was removed and is there again is new
            found = sign in self.said or bool(there - old)
            assert found or not ended, f"it ended without {sign!r}; {self.said}"
            return found

        eventually(seen, sign, DEADLINE_SECONDS)

    def interrupt(self, how: signal.Signals) -> int:
        """Interrupt it; returns its exit status. None of its processes is left.

        SIGTERM reaches only make, as `kill` sends it; others reach its group, as Ctrl-C does.
        """
        children = psutil.Process(self.process.pid).children(recursive=True)
        assert self.process.poll() is None, f"it was too quick to be interrupted; {self.said}"
        if how is signal.SIGTERM:
            self.process.terminate()
        else:
            os.killpg(self.process.pid, how)
        status = self.wait()
        assert_gone(children)
        return status

    def wait(self) -> int:
        """Wait for its end; returns its exit status."""
        status = self.process.wait(DEADLINE_SECONDS)
        if self._reader is not None:
            self._reader.join()
        return status

    @property
    def said(self) -> str:
        """What it has said so far."""
        return "".join(self.lines)

    def _read(self, stream: IO[str] | None) -> None:
        assert stream is not None
        with stream:
            for line in stream:
                self.lines.append(line)


@dataclass(frozen=True)
class Checkout:
    """A checkout in which nothing is set up."""

    root: Path

    @classmethod
    def copy(cls, root: Path, *, environment: Path | None = None) -> "Checkout":
        """Copy this one.

        Args:
            root: where to.
            environment: a .venv that is ready, for steps that only use it.
        """
        for name in NEEDED:
            source, target = ROOT / name, root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=MADE)
            else:
                shutil.copy(source, target)
        wheel = root / ".setup" / "uv"  # what the last set-up has kept
        shutil.copytree(ROOT / ".setup" / "uv", wheel)
        if environment is not None:
            (root / ".venv").symlink_to(environment)
        return cls(root)

    @contextlib.contextmanager
    def making(
        self,
        *steps: str,
        environment: Mapping[str, str] | None = None,
        largest_file_kib: int | None = None,
    ) -> Iterator[Make]:
        """A make of these steps, which is gone when the block ends.

        Args:
            steps: all where none is named.
            environment: further variables.
            largest_file_kib: files that are larger cannot be written.
        """
        inherited = {name: os.environ[name] for name in os.environ if name not in OF_MAKE}
        limit = "unlimited" if largest_file_kib is None else str(largest_file_kib * 2)
        process = subprocess.Popen(
            [*LIMITED, limit, "make", "setup", f"STEPS={' '.join(steps)}"],
            cwd=self.root,
            env={**inherited, **OFFLINE, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        make = Make(self.root, process)
        make.follow()
        try:
            yield make
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            make.wait()

    def make(self, *steps: str, environment: Mapping[str, str] | None = None) -> Make:
        """Make these steps to the end, whatever comes of it."""
        with self.making(*steps, environment=environment) as make:
            make.wait()
        return make

    def run(self, *command: str) -> str:
        """Run a program of the checkout; returns what it said."""
        return subprocess.run(
            command, cwd=self.root, check=True, capture_output=True, text=True
        ).stdout
