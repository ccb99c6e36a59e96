"""Files that contain secrets: readable only by their owner, and replaced atomically.

A temporary file with a random name is created (`O_EXCL`, which follows no link), written, and
renamed. A symbolic link or a file of another user is neither read nor replaced: in a folder that
others can write to, such as /tmp, another user may have placed it there.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MODE = 0o600


class PrivateFileError(Exception):
    """The file cannot be used; the message says why and what to do."""


def write_private(path: Path, text: str) -> None:
    """Write or replace a file with mode 0600; a reader sees all of the new text or none of it.

    Raises:
        PrivateFileError: if something else is at the path, or the file cannot be written.
    """
    require_ours(path)
    content = text.encode()
    draft = path.with_name(f".{path.name[:32]}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, _CREATE, _MODE), "wb") as file:
            os.fchmod(file.fileno(), _MODE)  # a umask may have removed the owner's rights
            file.write(content)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise _failed("write", path, error) from error


def read_private(path: Path) -> str | None:
    """The text of a file that `write_private` wrote; None if there is no file.

    Raises:
        PrivateFileError: if something else is at the path, or the file cannot be read.
    """
    try:
        with _opened(path) as descriptor:
            _refuse_foreign(path, os.fstat(descriptor))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read().decode(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _linked(path) from error
        raise _failed("read", path, error) from error


def remove_private(path: Path) -> None:
    """Remove a file; does nothing if it does not exist.

    Raises:
        PrivateFileError: if something else is at the path, or the file cannot be removed.
    """
    require_ours(path)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _failed("remove", path, error) from error


def require_ours(path: Path) -> None:
    """Check that the path is free or is a file of this user, and that its folder exists.

    Raises:
        PrivateFileError: if something else is at the path.
    """
    try:
        _refuse_foreign(path, path.lstat())
    except FileNotFoundError as error:
        if not path.parent.is_dir():
            raise _failed("write", path, error) from error
    except OSError as error:
        raise _failed("use", path, error) from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, _READ)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _refuse_foreign(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise _linked(path)
    if not stat.S_ISREG(found.st_mode):
        raise PrivateFileError(f"{path} is not a regular file: remove it")
    if found.st_uid != os.geteuid():
        raise PrivateFileError(f"{path} belongs to another user: remove it")


def _linked(path: Path) -> PrivateFileError:
    return PrivateFileError(f"{path} is a symbolic link: remove it")


def _failed(verb: str, path: Path, error: OSError) -> PrivateFileError:
    return PrivateFileError(f"unable to {verb} {path}; {error.strerror}: correct that")
