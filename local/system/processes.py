"""Child processes of the local run: started in their own session, their output taken line by line.

A session of its own keeps the terminal's Ctrl-C from reaching the children: their parent stops
them, in order.
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
"""Takes the name of a part and one line that it wrote."""

MAX_LINE_BYTES = 1024 * 1024


class ProcessWatch(Protocol):
    """Is told of every process, so that it can end those that their parent leaves behind."""

    def started(self, pid: int) -> None:
        """A process runs, in a group of the same number."""

    def ended(self, pid: int) -> None:
        """A process is gone."""


class UnwatchedProcesses:
    """Watches nothing, for a caller that is sure to end its own processes."""

    def started(self, pid: int) -> None:
        """Do nothing."""

    def ended(self, pid: int) -> None:
        """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class ProcessHost:
    """What every child process of one parent has in common.

    Attributes:
        folder: the working folder.
        log: takes each line of output.
        environment: variables that every one of them gets besides its own.
    """

    folder: Path
    log: LogLine
    environment: Mapping[str, str] = field(default_factory=dict)
    watch: ProcessWatch = field(default_factory=UnwatchedProcesses)


class ChildProcess:
    """One program. Its process group ends with it."""

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
        """How it ended; None while it runs, negative for a signal."""
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        """Start the program; returns without waiting for anything it does."""
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
        """Wait for the end; returns the code. Cancelling the wait leaves the process alone."""
        if self._ended is None:
            raise RuntimeError("the process was not started")
        return await asyncio.shield(self._ended)

    async def stop(self, grace_seconds: float) -> None:
        """Ask it to end by SIGTERM, kill it after the grace. Safe to call twice, and unstarted."""
        if self._ended is None or self._process is None:
            return
        if not self._ended.done():
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await asyncio.wait({self._ended}, timeout=grace_seconds)
        await self.kill()

    async def kill(self) -> None:
        """End it and what it started, now. Safe to call twice, and unstarted."""
        if self._ended is None or self._process is None:
            return
        if not self._ended.done():
            kill_group(self._process.pid)
        await asyncio.shield(self._ended)

    async def _follow(self, process: asyncio.subprocess.Process) -> int:
        reading = asyncio.create_task(self._read(process), name=f"{self.name} lines")
        code = await process.wait()
        # A grandchild that outlives the program must neither stay nor keep the pipe open.
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
    """Kill a process group at once; one that is gone already is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
