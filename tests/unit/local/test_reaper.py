"""The state that the reaper keeps from the run's reports."""

import signal
import subprocess
from collections.abc import Iterator

import psutil
import pytest

from local.reaper.__main__ import Cleanup


@pytest.fixture
def pid() -> Iterator[int]:
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


def test_a_process_is_tracked_from_its_start_to_its_end(pid: int) -> None:
    cleanup = Cleanup()
    cleanup.note(f"started\t{pid}\tINT\tQUIT\n")
    assert cleanup.signals == {psutil.Process(pid): [signal.SIGINT, signal.SIGQUIT]}
    cleanup.note(f"ended\t{pid}\n")
    assert cleanup.signals == {}


def test_a_process_that_has_ended_is_not_tracked() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    cleanup = Cleanup()
    cleanup.note(f"started\t{process.pid}\tTERM\n")
    assert cleanup.signals == {}


def test_a_folder_name_is_recorded_whole() -> None:
    cleanup = Cleanup()
    cleanup.note("remove\t/there/a folder with spaces\n")
    assert cleanup.folders == ["/there/a folder with spaces"]
