"""The reaper's process: reads reports until the pipe is closed, then stops what still runs."""

import contextlib
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import psutil

from local.reaper import ENDED, MARK_VARIABLE, REMOVE, STARTED
from local.system.processes import kill_group

STEP_SECONDS = 2.0
POLL_SECONDS = 0.02


@dataclass
class Cleanup:
    """The processes to stop and the folders to remove.

    Attributes:
        signals: for each process, the signals that stop it, mildest first.
    """

    signals: dict[psutil.Process, list[signal.Signals]] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        """Record one line of the run's reports."""
        kind, what, *names = line.rstrip("\n").split("\t")
        if kind == REMOVE:
            self.folders.append(what)
        elif kind == ENDED:
            self.signals = {p: s for p, s in self.signals.items() if p.pid != int(what)}
        elif kind == STARTED and psutil.pid_exists(int(what)):
            # psutil remembers the start time, so that a reused process id is not mistaken.
            process = psutil.Process(int(what))
            self.signals[process] = [signal.Signals[f"SIG{name}"] for name in names]

    def add_marked(self, mark: str) -> None:
        """Add every process with the run's mark that the run had no time to report."""
        for process in psutil.process_iter():
            if process not in self.signals and _mark_of(process) == mark:
                self.signals[process] = [signal.SIGTERM]

    def stop(self) -> None:
        """Stop all processes, with each signal in turn; finally kill their groups by SIGKILL."""
        steps = max((len(signals) for signals in self.signals.values()), default=0)
        for step in range(steps):
            for process, signals in self.signals.items():
                if step < len(signals):
                    _send(process, signals[step])
            if _all_end(self.signals):
                break
        for process in self.signals:
            kill_group(process.pid)
        _all_end(self.signals)


def main(mark: str, lines: Iterable[str]) -> None:
    """Follow the run until it ends, then clean up."""
    cleanup = Cleanup()
    for line in lines:
        cleanup.note(line)
    cleanup.add_marked(mark)
    cleanup.stop()
    for folder in cleanup.folders:
        shutil.rmtree(folder, ignore_errors=True)


def _all_end(processes: Iterable[psutil.Process]) -> bool:
    deadline = time.monotonic() + STEP_SECONDS
    while any(map(_runs, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _runs(process: psutil.Process) -> bool:
    # A process without a parent stays a zombie after its end until init collects it.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _mark_of(process: psutil.Process) -> str | None:
    try:
        mark: str | None = process.environ().get(MARK_VARIABLE)
    except (psutil.Error, OSError):
        return None
    return mark


def _send(process: psutil.Process, which: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(which)


if __name__ == "__main__":
    # A signal to all processes of the run must not end the reaper before the others.
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    main(sys.argv[1], sys.stdin)
