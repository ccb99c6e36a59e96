"""The reaper: a small process that stops what the local run started if the run itself is killed.

It holds the read end of a pipe; the run holds the write end. When the run ends, for any reason, the
pipe is closed. The reaper then stops every process that the run reported, and every process with
the run's mark in its environment: these are processes that the run had no time to report.
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
    """The run's side of the pipe; implements `ProcessWatch`."""

    def __init__(self, *, holding: list[int] | None = None) -> None:
        """Start the reaper; it keeps the files in `holding` open, with their locks, to its end."""
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
        # Until it writes a line, it does not ignore signals yet, and a signal could kill it.
        if self._process.stdout is not None:
            self._process.stdout.readline()
            self._process.stdout.close()

    @property
    def environment(self) -> dict[str, str]:
        """The mark as an environment variable, for every child process."""
        return {MARK_VARIABLE: self._mark}

    def started(self, pid: int) -> None:
        """Report a process; the reaper stops it by SIGTERM, then kills its process group."""
        self._send(STARTED, str(pid), "TERM")

    def started_postgres(self, pid: int) -> None:
        """Report a Postgres server, which uses other signals for a fast shutdown."""
        self._send(STARTED, str(pid), "INT", "QUIT")

    def ended(self, pid: int) -> None:
        """Report that a process ended, before its process id is reused."""
        self._send(ENDED, str(pid))

    def remove_at_end(self, folder: Path) -> None:
        """Remove a folder after all processes have ended."""
        self._send(REMOVE, str(folder))

    def close(self) -> None:
        """Close the pipe: the reaper stops what is left, which is nothing after an orderly stop."""
        self._stdin().close()
        self._process.wait(STOP_SECONDS)

    def _send(self, *words: str) -> None:
        stdin = self._stdin()
        if not stdin.closed:
            stdin.write(("\t".join(words) + "\n").encode())
            stdin.flush()

    def _stdin(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise RuntimeError("the reaper has no pipe")
        return self._process.stdin
