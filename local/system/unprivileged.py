"""Runs a program as another user if this process is root, because Postgres refuses to run as root.

The program has no capability and cannot gain one by executing another program. It can read and
write what the user `nobody` can, and the files and folders that are passed to it as open
descriptors. With a descriptor it can bypass closed parent folders, such as /root.
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
    """The command prefix that runs a command as that user; empty if this process is not root.

    Raises:
        LocalError: if the program that changes users is missing.
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


def reclaim(path: Path) -> None:
    """Return ownership of the user's files to root; does nothing if this process is not root."""
    if is_needed():
        os.chown(path, 0, 0)


def give(path: Path) -> None:
    """Make the user the owner of a file or folder; does nothing if this process is not root."""
    if is_needed():
        user = pwd.getpwnam(USER)
        os.chown(path, user.pw_uid, user.pw_gid)


@contextmanager
def inherited(*paths: Path) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Pass files and folders to a child that is started within the block.

    As root, this process opens each of them, and the child uses /proc/self/fd/N. That link leads
    to the file itself, regardless of its parent folders; the child still needs permissions on the
    file. The child's own children inherit it.

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
