"""A step: one folder, when it is ready, and how it is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from scripts.set_up.commands import CommandError, Commands
from scripts.set_up.marker import Finding, Marker, State, digest

Report = Callable[[str], None]
"""Takes one line for the person at the keyboard."""


class SetUpError(Exception):
    """A step cannot be made; the message says why.

    Attributes:
        output: what the command said that failed.
    """

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


class Make(Protocol):
    """Makes a step's folder."""

    def __call__(self, workshop: "Workshop", *, update: bool) -> None:
        """Make it; with `update`, a complete folder is there, made from other inputs.

        Raises:
            SetUpError: it cannot be made.
            CommandError: a command failed.
            OSError: as on a full disk.
        """


@dataclass(frozen=True, kw_only=True)
class Step:
    """One folder of the checkout and how it is made.

    Attributes:
        name: as on the command line.
        what: what it does, for the person who waits.
        folder: relative to the checkout.
        listed: patterns of the folders in which nothing may be missing; see `Marker`.
        inputs: patterns of the files that decide the folder's content.
        needs: names of the steps that come first.
        marker: the marker's file, relative to the checkout; in the folder where empty.
        probe: what else is wrong with a folder that has its marker; "" where nothing is.
        words: what decides the content besides files.
    """

    name: str
    what: str
    folder: str
    listed: Sequence[str]
    inputs: Sequence[str]
    make: Make
    needs: Sequence[str] = ()
    marker: str = ""
    probe: Callable[[Path], str] = lambda _root: ""
    words: Sequence[str] = ()

    def find(self, root: Path) -> Finding:
        """How the folder is."""
        finding = self._marker(root).find(self._digest(root))
        if finding.state in (State.READY, State.OUTDATED) and (reason := self.probe(root)):
            return Finding(State.UNUSABLE, f"is damaged: {reason}")
        return finding

    def run(self, workshop: "Workshop") -> None:
        """Make the folder from whatever is there, unless it is ready.

        Raises:
            SetUpError: it cannot be made.
        """
        finding = self.find(workshop.root)
        if finding.state is State.READY:
            return
        if finding.state is State.UNUSABLE:
            workshop.report(f"{self.folder} {finding.reason}; making it again")
        workshop.report(f"{self.what} …")
        try:
            self._make(workshop, update=finding.state is State.OUTDATED)
        except (CommandError, SetUpError) as error:
            raise SetUpError(f"unable to finish {self.what}: {error}", error.output) from error
        except OSError as error:
            raise SetUpError(f"unable to finish {self.what}: {error}") from error

    def _make(self, workshop: "Workshop", *, update: bool) -> None:
        inputs = self._digest(workshop.root)
        marker = self._marker(workshop.root)
        marker.remove()
        self.make(workshop, update=update)
        marker.write(inputs)

    def _marker(self, root: Path) -> Marker:
        folder = root / self.folder
        path = root / self.marker if self.marker else folder / ".ready"
        return Marker(root=root, path=path, folder=folder, listed=self.listed)

    def _digest(self, root: Path) -> str:
        return digest(root, self.inputs, *self.words)


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What steps work with."""

    root: Path
    commands: Commands
    report: Report

    def holding(self, descriptor: int) -> "Workshop":
        """The same, with commands that inherit a descriptor."""
        return replace(self, commands=replace(self.commands, holding=(descriptor,)))
