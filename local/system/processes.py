"""Child processes of the local run: each in its own session, with its output read line by line.

With its own session, a child does not receive the terminal's Ctrl-C: the parent stops the children
in order.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

LogLine = Callable[[str, str], None]
"""Receives the name of a part and one line of its output."""

MAX_LINE_BYTES = 1024 * 1024


class ProcessWatch(Protocol):
    """Receives every start and end of a process, to end those that their parent leaves behind."""

    def started(self, pid: int) -> None:
        """A process has started; its process group has the same number."""

    def ended(self, pid: int) -> None:
        """A process has ended."""


class UnwatchedProcesses:
    """Watches nothing, for a caller that reliably ends its own processes."""

    def started(self, pid: int) -> None:
        """Do nothing."""

    def ended(self, pid: int) -> None:
        """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class ProcessHost:
    """The common settings of all child processes of one parent.

    Attributes:
        folder: the working directory.
        log: receives each line of output.
        environment: variables for every child, besides the child's own.
    """

    folder: Path
    log: LogLine
    environment: Mapping[str, str] = field(default_factory=dict)
    watch: ProcessWatch = field(default_factory=UnwatchedProcesses)


class ChildProcess:
    """One program. Its process group is killed when it ends."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        host: ProcessHost,
    ) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._host = host
        self._process: asyncio.subprocess.Process | None = None
        self._ended: asyncio.Task[int] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, once started."""
        return self._process.pid if self._process else None

    @property
    def returncode(self) -> int | None:
        """The exit status; None while it runs, negative for a signal."""
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        """Start the program; does not wait until it is ready."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._host.folder,
            env={**self._environment, **self._host.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._host.watch.started(self._process.pid)
        self._ended = asyncio.create_task(self._follow(self._process), name=f"{self.name} output")

    async def wait(self) -> int:
        """Wait for the end; returns the exit status. A cancelled wait does not stop the process."""
        if self._ended is None:
            raise RuntimeError("the process has not been started")
        return await asyncio.shield(self._ended)

    async def stop(self, grace_seconds: float) -> None:
        """Send SIGTERM, and SIGKILL after the grace period. Safe to call twice, and unstarted."""
        if self._ended is None or self._process is None:
            return
        if not self._ended.done():
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await asyncio.wait({self._ended}, timeout=grace_seconds)
        await self.kill()

    async def kill(self) -> None:
        """Kill it and its process group now. Safe to call twice, and unstarted."""
        if self._ended is None or self._process is None:
            return
        if not self._ended.done():
            kill_group(self._process.pid)
        await asyncio.shield(self._ended)

    async def _follow(self, process: asyncio.subprocess.Process) -> int:
        reading = asyncio.create_task(self._read(process), name=f"{self.name} lines")
        code = await process.wait()
        # A grandchild that outlives the program must not survive or keep the pipe open.
        kill_group(process.pid)
        self._host.watch.ended(process.pid)
        await reading
        return code

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        rest = b""
        while chunk := await process.stdout.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._emit(line)
        if rest:
            self._emit(rest)

    def _emit(self, line: bytes) -> None:
        self._host.log(self.name, line.decode(errors="replace").rstrip())


def kill_group(pid: int) -> None:
    """Kill a process group; does nothing if it has ended."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
