"""Log files of the local run: one per part, started again at each start."""

import json
import logging
from pathlib import Path
from typing import TextIO

from local.system.terminal import Terminal

OWN_LOG = "local"


class Logs:
    """Receives the output of every part, line by line.

    The terminal shows only errors, or all lines if `verbose`.
    """

    def __init__(self, folder: Path, terminal: Terminal, *, verbose: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.log"):
            old.unlink()
        self.folder = folder
        self._terminal = terminal
        self._verbose = verbose
        self._files: dict[str, TextIO] = {}

    def __call__(self, source: str, line: str) -> None:
        """Write one line of a part."""
        file = self._files.get(source)
        if file is None:
            file = self._files[source] = (self.folder / f"{source}.log").open("a", buffering=1)
        file.write(line + "\n")
        if self._verbose:
            self._terminal.line(source, line)
        elif message := error_in(line):
            self._terminal.line(source, message)

    def show(self, source: str, message: str) -> None:
        """Show a message, unless `verbose` has already shown it."""
        if not self._verbose:
            self._terminal.line(source, message)

    def last_line(self, source: str) -> str:
        """The last line that a part wrote; empty if it wrote none."""
        path = self.folder / f"{source}.log"
        lines = path.read_text(errors="replace").split("\n") if path.exists() else []
        return next((line for line in reversed(lines) if line.strip()), "")

    def capture_own_records(self) -> None:
        """Receive the log records of this process, as those of another part."""
        root = logging.getLogger()
        root.setLevel(logging.INFO)
        root.addHandler(_ToLogs(self))

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()


def error_in(line: str) -> str | None:
    """The message of a JSON log line of level ERROR or above, or None."""
    if not line.startswith("{") or '"level"' not in line:
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or record.get("level") not in {"ERROR", "CRITICAL"}:
        return None
    return str(record.get("message", line))


class _ToLogs(logging.Handler):
    def __init__(self, logs: Logs) -> None:
        super().__init__()
        self._logs = logs
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        for line in self.format(record).splitlines():
            self._logs(OWN_LOG, line)
        # Errors of libraries go only to the log file: our own messages report their consequences.
        if record.levelno >= logging.ERROR and record.name.startswith(f"{OWN_LOG}."):
            self._logs.show(OWN_LOG, record.getMessage())
