"""A module that loads quickly in the first process, and after a minute in all others."""

import os
import time
from pathlib import Path
from typing import Any

try:
    Path(os.environ["FIRST"]).touch(exist_ok=False)
except FileExistsError:
    print("the second loads slowly", flush=True)  # noqa: T201  # the test waits for this line
    time.sleep(60)


def meet(event: Any, _context: Any) -> int:
    """Return once the gate is open."""
    print("waiting at the gate")  # noqa: T201  # the test waits for this line too
    deadline = time.monotonic() + 15
    while not Path(event["gate"]).exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the gate stayed shut")
        time.sleep(0.01)
    return os.getpid()
