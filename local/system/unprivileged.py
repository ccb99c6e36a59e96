"""Runs a program as another user where this process is root, because Postgres refuses to be root.

The program has no capability and gets none by what it executes. It reads and writes what the user
`nobody` may, and what it is handed: an open file or folder of its own, by which it gets past the
folders above, such as /root.
"""

import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from local.errors import LocalError

USER = "nobody"


def is_needed() -> bool:
    """Whether this process is root."""
    return os.geteuid() == 0


def prefix() -> list[str]:
    """What stands in front of a command so that it runs as the user; nothing where we are not root.

    Raises:
        LocalError: the program that changes users is missing.
    """
    if not is_needed():
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        msg = "Postgres does not run as root and `setpriv` is missing: run as an ordinary user"
        raise LocalError(msg)
    user = pwd.getpwnam(USER)
    return [
        setpriv,
        *(f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--no-new-privs"),
        *("--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--"),
    ]


def take_back(path: Path) -> None:
    """Make root the owner again of what the user owned; where we are not root, nothing changes."""
    if is_needed():
        os.chown(path, 0, 0)


def give(path: Path) -> None:
    """Make the user the owner of a file or folder; where we are not root, it is ours already."""
    if is_needed():
        user = pwd.getpwnam(USER)
        os.chown(path, user.pw_uid, user.pw_gid)


@contextmanager
def handed(*paths: Path) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Hand files and folders to a child that is started in the block.

    As root, each is opened here, and the child knows it as /proc/self/fd/N. That link leads to the
    file itself, past the folders above; the child needs rights of its own on the file. Its children
    inherit it.

    Returns:
        their names, as the child opens them, and the descriptors for `pass_fds` of subprocess.
    """
    if not is_needed():
        yield tuple(map(str, paths)), ()
        return
    with ExitStack() as stack:
        descriptors = []
        for path in paths:
            descriptors.append(os.open(path, os.O_RDONLY))
            stack.callback(os.close, descriptors[-1])
        yield tuple(f"/proc/self/fd/{number}" for number in descriptors), tuple(descriptors)
