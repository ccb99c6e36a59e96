"""What the person at the keyboard sees: progress on stderr, then the addresses."""

import sys
import time
from collections.abc import Sequence

import psutil


class Terminal:
    """Writes to stderr; times are those since the process began, its own loading included."""

    def __init__(self) -> None:
        self._begun = psutil.Process().create_time()

    def progress(self, text: str) -> None:
        """Say that a step is done, and when."""
        self.say(f"{time.time() - self._begun:6.1f} s  {text}")

    def line(self, source: str, text: str) -> None:
        """Show one line of a part's output."""
        self.say(f"{source:>10} | {text}")

    def table(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show names and values below one another."""
        width = max(len(name) for name, _ in rows)
        self.say("")
        for name, value in rows:
            self.say(f"  {name:<{width}}  {value}")
        self.say("")

    def say(self, text: str) -> None:
        """Write one line. A terminal that was closed is no reason to fail."""
        try:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
        except OSError:
            pass
