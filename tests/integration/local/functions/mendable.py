"""A module that cannot be imported until a file exists."""

import os
from pathlib import Path
from typing import Any

if not Path(os.environ["MENDED"]).exists():
    raise RuntimeError("not mended yet")


def handler(_event: Any, _context: Any) -> str:
    return "mended"
