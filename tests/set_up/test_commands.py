"""A command is quiet, says why it failed, and never outlives the set-up."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scripts.set_up.commands import CommandError, Commands
from tests.fixtures.local_run import assert_gone
from tests.fixtures.waiting import eventually
from tests.set_up.checkout import ROOT

ENDLESS = "sleep 1000 & sleep 1000; sleep 1000"
SET_UP = f"""
from pathlib import Path
from scripts.set_up.commands import Commands
Commands(root=Path.cwd()).run("sh", "-c", "{ENDLESS}")
"""


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(root=tmp_path)


@pytest.fixture
def set_up() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that waits for a command without an end."""
    process = subprocess.Popen([sys.executable, "-c", SET_UP], cwd=ROOT)
    yield process
    process.kill()
    process.wait()


def sleepers(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    below = psutil.Process(process.pid).children(recursive=True)
    return [each for each in below if each.name() == "sleep"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_command_and_what_it_started_end_with_the_set_up(
    set_up: "subprocess.Popen[bytes]", how: signal.Signals
) -> None:
    eventually(lambda: len(sleepers(set_up)) == 2, "two processes sleep")
    below = psutil.Process(set_up.pid).children(recursive=True)
    set_up.send_signal(how)
    set_up.wait()
    assert_gone(below)


def test_what_a_command_leaves_in_the_background_ends_with_it(commands: Commands) -> None:
    left = int(commands.run("sh", "-c", "sleep 1000 & echo $!"))
    assert_gone([psutil.Process(left)] if psutil.pid_exists(left) else [])


def test_what_a_command_says_is_returned_line_by_line_and_whole(commands: Commands) -> None:
    lines: list[str] = []
    said = commands.run("sh", "-c", "echo one; echo two >&2", on_line=lines.append)
    assert said == "one\ntwo"
    assert lines == ["one", "two"]


def test_a_command_that_fails_is_named_with_what_it_said(commands: Commands) -> None:
    with pytest.raises(CommandError, match=r"`sh -c 'echo no; exit 3'` failed") as failure:
        commands.run("sh", "-c", "echo no; exit 3")
    assert failure.value.last_line() == "no"


def test_a_program_that_is_not_there_is_a_failed_command(commands: Commands) -> None:
    with pytest.raises(CommandError, match="`no-such-program` failed"):
        commands.run("no-such-program")


def test_a_command_inherits_the_descriptors_that_it_is_to_hold(tmp_path: Path) -> None:
    read, write = os.pipe()
    try:
        program = f"import os; os.write({write}, b'held')"
        Commands(root=tmp_path, holding=(write,)).run(sys.executable, "-c", program)
        assert os.read(read, 10) == b"held"
    finally:
        os.close(read)
        os.close(write)
