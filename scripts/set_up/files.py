"""Removing what a step has made."""

import shutil
from pathlib import Path


def remove(path: Path) -> None:
    """Remove a folder or a file, or the link that stands for one; it may be absent."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
