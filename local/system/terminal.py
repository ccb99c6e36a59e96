"""The output for the user: progress on stderr, then the addresses."""

import sys
import time
from collections.abc import Sequence

import psutil


class Terminal:
    """Writes to stderr; times are measured from the start of the process."""

    def __init__(self) -> None:
        self._begun = psutil.Process().create_time()

    def progress(self, text: str) -> None:
        """Report that a step is done, with its time."""
        self.say(f"{time.time() - self._begun:6.1f} s  {text}")

    def line(self, source: str, text: str) -> None:
        """Show one line of a part's output."""
        self.say(f"{source:>10} | {text}")

    def table(self, rows: Sequence[tuple[str, str]]) -> None:
        """Print names and values, one pair per line."""
        width = max(len(name) for name, _ in rows)
        self.say("")
        for name, value in rows:
            self.say(f"  {name:<{width}}  {value}")
        self.say("")

    def say(self, text: str) -> None:
        """Write one line. A closed terminal is not a failure."""
        try:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
        except OSError:
            pass
