"""The state that the reaper keeps from the run's reports."""

import signal
import subprocess
from collections.abc import Iterator

import psutil
import pytest

from local.reaper.__main__ import Charge


@pytest.fixture
def pid() -> Iterator[int]:
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


def test_a_process_is_tracked_from_its_start_to_its_end(pid: int) -> None:
    charge = Charge()
    charge.note(f"started\t{pid}\tINT\tQUIT\n")
    assert charge.signals == {psutil.Process(pid): [signal.SIGINT, signal.SIGQUIT]}
    charge.note(f"ended\t{pid}\n")
    assert charge.signals == {}


def test_a_process_that_has_ended_is_not_tracked() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    charge = Charge()
    charge.note(f"started\t{process.pid}\tTERM\n")
    assert charge.signals == {}


def test_a_folder_name_is_recorded_whole() -> None:
    charge = Charge()
    charge.note("remove\t/there/a folder with spaces\n")
    assert charge.folders == ["/there/a folder with spaces"]
