"""Files with secrets, in a folder that other users can write to."""

import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ably_local.private_file import (
    PrivateFileError,
    read_private,
    remove_private,
    require_ours,
    write_private,
)

NOBODY = 65534
EVERYTHING: list[Callable[[Path], object]] = [
    lambda path: write_private(path, "secret"),
    read_private,
    remove_private,
    require_ours,
]


@pytest.fixture
def foreign_file(tmp_path: Path) -> Path:
    """A file of another user: an existing system file, or one that root creates."""
    if os.geteuid() != 0:
        return Path("/etc/passwd")
    path = tmp_path / "foreign"
    path.write_text("theirs")
    os.chown(path, NOBODY, NOBODY)
    return path


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_only_the_owner_can_read_a_written_file(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "ready.json"
    before = os.umask(umask)
    try:
        write_private(path, "é")
        write_private(path, "secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_private(path) == "secret"
    assert names(tmp_path) == ["ready.json"]


def test_a_world_readable_file_is_replaced_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as opened_by_another:
        write_private(path, "secret")
        assert opened_by_another.read() == "old"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("dangling", [True, False])
def test_a_symbolic_link_is_refused_and_its_target_untouched(
    tmp_path: Path, *, dangling: bool
) -> None:
    target, path = tmp_path / "target", tmp_path / "ready.json"
    if not dangling:
        target.write_text("mine")
    path.symlink_to(target)
    sentence = f"{path} is a symbolic link: remove it"
    for act in EVERYTHING:
        with pytest.raises(PrivateFileError) as refused:
            act(path)
        assert str(refused.value) == sentence
    assert path.is_symlink()
    assert target.exists() != dangling
    assert dangling or target.read_text() == "mine"


def test_another_users_file_is_neither_read_nor_replaced(foreign_file: Path) -> None:
    before = foreign_file.read_text()
    for act in EVERYTHING:
        with pytest.raises(PrivateFileError) as refused:
            act(foreign_file)
        assert str(refused.value) == f"{foreign_file} belongs to another user: remove it"
    assert foreign_file.read_text() == before


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "fifo"])
def test_a_path_that_is_not_a_regular_file_is_refused(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "ready.json"
    make(path)
    for act in EVERYTHING:
        with pytest.raises(PrivateFileError, match="is not a regular file: remove it"):
            act(path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent/ready.json", "No such file or directory"),
        ("file/ready.json", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_an_impossible_path_is_an_error_message(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / name
    with pytest.raises(PrivateFileError) as refused:
        write_private(path, "secret")
    assert str(path) in str(refused.value)
    assert f"; {reason}: correct that" in str(refused.value)


def test_a_long_name_leaves_room_for_its_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_private(path, "secret")
    assert names(tmp_path) == [path.name]


def test_a_failed_write_leaves_the_file_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    write_private(path, "old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(PrivateFileError, match="File too large"):
            write_private(path, "x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == ["ready.json"]
    assert read_private(path) == "old"


def test_a_missing_file_reads_as_none_and_can_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    assert read_private(path) is None
    remove_private(path)
    require_ours(path)
    write_private(path, "secret")
    remove_private(path)
    assert names(tmp_path) == []
