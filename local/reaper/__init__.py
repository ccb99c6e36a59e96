"""The guard: a small process that ends what the local run started, should the run itself be killed.

It holds the read end of a pipe whose write end the run holds: when the run is gone, whatever the
way, the pipe ends. It then stops every process it was told of, and every other one that carries the
run's mark in its environment, which catches those the run had no time to tell of.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

MARK_VARIABLE = "ABLY_LOCAL_RUN"
STOP_SECONDS = 10.0

STARTED = "started"
ENDED = "ended"
REMOVE = "remove"


class Reaper:
    """The run's side of the pipe. It is a `ProcessWatch`."""

    def __init__(self, *, holding: list[int] | None = None) -> None:
        """Start the guard; it keeps the files of `holding` open, locks included, to its own end."""
        self._mark = os.urandom(16).hex()
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "local.reaper", self._mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[2],
            start_new_session=True,
            pass_fds=holding or [],
        )
        # Until it says so, it can still be killed by the signals it means to ignore.
        if self._process.stdout is not None:
            self._process.stdout.readline()
            self._process.stdout.close()

    @property
    def environment(self) -> dict[str, str]:
        """The mark, as a variable for every child process."""
        return {MARK_VARIABLE: self._mark}

    def started(self, pid: int) -> None:
        """Tell of a process that is to be stopped by SIGTERM, then killed with its group."""
        self._send(STARTED, str(pid), "TERM")

    def started_postgres(self, pid: int) -> None:
        """Tell of a Postgres server, whose signals for a quick stop are its own."""
        self._send(STARTED, str(pid), "INT", "QUIT")

    def ended(self, pid: int) -> None:
        """Tell that a process is gone, before its number means another."""
        self._send(ENDED, str(pid))

    def remove_at_end(self, folder: Path) -> None:
        """Have a folder removed once all processes are gone."""
        self._send(REMOVE, str(folder))

    def close(self) -> None:
        """Let go: the guard ends what is left, which is nothing after an orderly stop."""
        self._stdin().close()
        self._process.wait(STOP_SECONDS)

    def _send(self, *words: str) -> None:
        stdin = self._stdin()
        if not stdin.closed:
            stdin.write(("\t".join(words) + "\n").encode())
            stdin.flush()

    def _stdin(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise RuntimeError("the guard has no pipe")
        return self._process.stdin
