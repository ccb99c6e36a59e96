"""`python -m scripts.set_up [STEP …]`: make the steps ready that are not; all where none is named.

Started by scripts/set_up.sh, which the Makefile calls.
"""

# ruff: noqa: E402  # the imports below come after the first statement for its reason
import signal

# Ctrl-C ends Python without a traceback, also while the imports below take their time.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from scripts.set_up.commands import Commands
from scripts.set_up.lock import exclusive
from scripts.set_up.marker import State
from scripts.set_up.step import SetUpError, Step, Workshop
from scripts.set_up.steps import STEPS, chosen

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / ".setup" / "lock"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LAST_LINES = 30


class Interrupted(BaseException):
    """A signal asks the set-up to end."""


def main(arguments: Sequence[str]) -> int:
    """Make what is not ready; returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/set_up.sh", description=__doc__)
    names = [step.name for step in STEPS]
    parser.add_argument("step", nargs="*", help=f"one of {', '.join(names)}")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.step) - set(names)):
        parser.error(f"there is no step {unknown[0]}: choose from {', '.join(names)}")
    for which in SIGNALS:
        signal.signal(which, _interrupt)
    try:
        _set_up(chosen(options.step))
    except Interrupted as interruption:
        _say("interrupted; the next make resumes it")
        return 128 + int(interruption.args[0])
    except SetUpError as error:
        if error.output:
            _show(error.output)
        _say(f"{error}; the next make resumes it")
    except OSError as error:
        _say(str(error))
    else:
        return 0
    return 1


def _set_up(steps: Sequence[Step]) -> None:
    workshop = Workshop(root=ROOT, commands=Commands(root=ROOT), report=_say)
    if all(step.find(ROOT).state is State.READY for step in steps):
        return
    with exclusive(LOCK, on_wait=_say_waiting) as lock:
        for step in steps:
            step.run(workshop.holding(lock))


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    for which in SIGNALS:  # one is enough; what runs has a few seconds to end
        signal.signal(which, signal.SIG_IGN)
    raise Interrupted(number)


def _say_waiting() -> None:
    _say("another make sets up this checkout; waiting for it to end")


def _say(text: str) -> None:
    _show(f"make setup: {text}")


def _show(text: str) -> None:
    with contextlib.suppress(OSError):  # a terminal that was closed
        sys.stderr.write("\n".join(text.splitlines()[-LAST_LINES:]) + "\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
