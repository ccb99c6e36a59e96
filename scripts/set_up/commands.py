"""Commands of a step: quiet while they succeed, and gone when the set-up is."""

import contextlib
import io
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 5.0

OnLine = Callable[[str], object]

# The group's leader becomes the command. The other process reads the pipe whose write end only the
# set-up holds: it ends when the set-up lets go of it or is killed, and the group with it.
KEEPER = """
exec 3<&0 </dev/null
{ read -r _; kill -s KILL 0; } <&3 >/dev/null 2>&1 &
exec "$@" 3<&-
"""


class CommandError(Exception):
    """A command failed; `output` is what it said."""

    def __init__(self, command: str, output: str) -> None:
        super().__init__(f"`{command}` failed")
        self.output = output

    def last_line(self) -> str:
        """The end of what it said, where programs say what went wrong."""
        return self.output.rpartition("\n")[2]


def _ignore(line: str) -> None:
    """Say nothing of a line."""


@dataclass(frozen=True, kw_only=True)
class Commands:
    """Runs commands in a checkout.

    Attributes:
        root: the working folder of each command that has none of its own.
        holding: descriptors that each command inherits, a lock among them.
    """

    root: Path
    holding: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def run(self, *command: str | Path, cwd: Path | None = None, on_line: OnLine = _ignore) -> str:
        """Run a command to its end; returns what it said.

        Args:
            command: its words.
            cwd: its working folder, where that is not the root.
            on_line: takes each line that it says, as it says it.

        An exception that reaches the caller's thread meanwhile, such as KeyboardInterrupt, stops
        the command and all that it has started.

        Raises:
            CommandError: it cannot be started, or its exit status is not 0.
        """
        words = [str(word) for word in command]
        process = subprocess.Popen(  # noqa: S603  # the steps' own words
            ["/bin/sh", "-c", KEEPER, "set-up", *words],
            cwd=cwd or self.root,
            env=dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=self.holding,
            process_group=0,  # the terminal's Ctrl-C reaches only the set-up, which stops the rest
        )
        output: list[str] = []

        def read() -> None:
            with process.stdout or io.StringIO() as stream:
                for line in stream:
                    output.append(line)
                    on_line(line.rstrip())

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            status = process.wait()
        except BaseException:
            _interrupt(process)
            raise
        finally:
            _let_go(process)
            reader.join(STOP_SECONDS)
        said = "".join(output).strip()
        if status:
            raise CommandError(shlex.join(words).replace(f"{self.root}/", ""), said)
        return said


def _interrupt(process: "subprocess.Popen[str]") -> None:
    """Let the command remove its temporary files, for as long as a person waits."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)


def _let_go(process: "subprocess.Popen[str]") -> None:
    """Close the pipe, which ends what is left of the group, and wait for the leader."""
    if process.stdin is not None:
        process.stdin.close()
    process.wait()
