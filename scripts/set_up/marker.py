"""The marker of a folder: what it was made from, and what must be in it."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

# Written by the programs themselves, at any time after the installation.
_UNSTEADY = ("__pycache__", ".cache", ".tmp", ".vite", ".vite-temp")


class State(Enum):
    """How a step finds its folder."""

    ABSENT = auto()
    READY = auto()
    OUTDATED = auto()
    UNUSABLE = auto()


@dataclass(frozen=True)
class Finding:
    """A state, and for UNUSABLE the reason, as the end of a sentence about the folder."""

    state: State
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Marker:
    """The marker of one folder.

    Attributes:
        root: the checkout; paths in the marker are relative to it.
        path: the marker's own file.
        folder: what it speaks for.
        listed: patterns of the folders whose entries must stay, to a depth of two. Entries that
            are added later, by a person or by a program, do not matter.
    """

    root: Path
    path: Path
    folder: Path
    listed: Sequence[str]

    def find(self, inputs: str) -> Finding:
        """Compare the folder with the marker.

        Args:
            inputs: the digest of what the folder is to be made from.
        """
        if not self.folder.exists():
            return Finding(State.ABSENT)
        try:
            kept = json.loads(self.path.read_text())
            location, made_from, entries = kept["location"], kept["inputs"], kept["entries"]
        except (OSError, ValueError, TypeError, KeyError):
            return Finding(State.UNUSABLE, "is incomplete, as an interrupted set-up leaves it")
        if location != self._location():
            return Finding(State.UNUSABLE, f"was made in {location}")
        if missing := sorted(set(entries) - set(self._entries())):
            return Finding(State.UNUSABLE, f"is damaged: {missing[0]} is missing")
        return Finding(State.READY if made_from == inputs else State.OUTDATED)

    def remove(self) -> None:
        """From now on the folder is incomplete."""
        self.path.unlink(missing_ok=True)

    def write(self, inputs: str) -> None:
        """The folder is complete as it is now.

        Raises:
            OSError: the marker cannot be written; there is none then.
        """
        content = {
            "location": self._location(),
            "inputs": inputs,
            "entries": sorted(self._entries()),
        }
        unfinished = self.path.with_name(f"{self.path.name}.new")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(content))
        unfinished.replace(self.path)

    def _location(self) -> str:
        return str(self.folder.resolve())

    def _entries(self) -> Iterator[str]:
        for pattern in self.listed:
            for folder in self.root.glob(pattern):
                place = folder.relative_to(self.root).as_posix()
                for entry in _steady(folder):
                    yield f"{place}/{entry.name}"
                    if entry.is_dir():
                        for below in _steady(entry.path):
                            yield f"{place}/{entry.name}/{below.name}"


def digest(root: Path, patterns: Iterable[str], *words: str) -> str:
    """A hash of the files that match, by name and content, and of the words."""
    found = hashlib.sha256("\0".join(words).encode())
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found.update(f"\0{path.relative_to(root).as_posix()}\0{content}".encode())
    return found.hexdigest()


def _steady(folder: str | Path) -> Iterator["os.DirEntry[str]"]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.name not in _UNSTEADY)
