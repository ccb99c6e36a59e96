"""The reaper ends the processes that a killed run leaves behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fixtures.local_run import assert_gone
from tests.fixtures.waiting import eventually

# A parent that starts the reaper and three children: one it reports, one that ignores SIGTERM and
# has its own child, and one that it does not report.
PARENT = """
import os, signal, subprocess, sys
from pathlib import Path
from local.reaper import Reaper

reaper = Reaper()
reaper.remove_at_end(Path(sys.argv[1]))
options = {"start_new_session": True, "stdout": subprocess.DEVNULL}
reported = subprocess.Popen(["sleep", "600"], **options)
reaper.started(reported.pid)
deaf = subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 600 & wait; sleep 600"], **options)
reaper.started(deaf.pid)
unreported = subprocess.Popen(
    ["sleep", "600"], env={"PATH": "/bin:/usr/bin", **reaper.environment}, **options
)
print("started", flush=True)
sys.stdin.readline()
for child in (reported, deaf, unreported):
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    reaper.ended(child.pid)
reaper.close()
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    yield process
    process.kill()
    process.communicate()


def all_five(parent: subprocess.Popen[str]) -> list[psutil.Process]:
    """The reaper, three children and a grandchild, which its shell starts with a delay."""

    def below() -> list[psutil.Process]:
        return psutil.Process(parent.pid).children(recursive=True)

    eventually(lambda: len(below()) >= 5, "all five are there")
    return below()


def test_nothing_is_left_of_a_killed_run(parent: subprocess.Popen[str], tmp_path: Path) -> None:
    below = all_five(parent)
    os.kill(parent.pid, signal.SIGKILL)
    assert_gone(below)
    assert not (tmp_path / "temporary").exists()


def test_the_reaper_survives_the_signals_that_stop_the_other_processes(
    parent: subprocess.Popen[str],
) -> None:
    below = all_five(parent)
    reaper = next(process for process in below if "local.reaper" in process.cmdline())
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        reaper.send_signal(which)
    os.kill(parent.pid, signal.SIGKILL)
    assert_gone(below)


def test_the_reaper_ends_immediately_after_an_orderly_stop(parent: subprocess.Popen[str]) -> None:
    below = all_five(parent)
    begun = time.monotonic()
    assert parent.stdin
    parent.stdin.write("stop\n")
    parent.stdin.flush()
    assert parent.wait(10) == 0
    assert time.monotonic() - begun < 1.5
    assert_gone(below, seconds=0.1)
