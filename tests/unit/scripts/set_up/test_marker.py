"""How a folder is found: by what its marker says of it."""

from pathlib import Path

import pytest

from scripts.set_up.marker import Marker, State, digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    (made / "package" / "deep").mkdir(parents=True)
    (made / "package" / "code.py").write_text("code")
    (made / "program").write_text("program")
    return made


@pytest.fixture
def marker(tmp_path: Path, folder: Path) -> Marker:
    return Marker(root=tmp_path, path=folder / ".ready", folder=folder, listed=["made"])


def test_a_folder_that_is_not_there_is_absent(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    marker = Marker(root=tmp_path, path=gone / ".ready", folder=gone, listed=["gone"])
    assert marker.find("inputs").state is State.ABSENT


def test_without_a_marker_it_is_unusable(marker: Marker) -> None:
    assert marker.find("inputs").state is State.UNUSABLE


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '{"inputs": "inputs"}', "\x00", "1"])
def test_a_marker_that_is_none_counts_as_missing(marker: Marker, content: str) -> None:
    marker.path.write_text(content)
    finding = marker.find("inputs")
    assert finding.state is State.UNUSABLE
    assert "is incomplete" in finding.reason


def test_it_is_ready_as_long_as_the_inputs_are_the_same(marker: Marker) -> None:
    marker.write("inputs")
    assert marker.find("inputs").state is State.READY
    assert marker.find("others").state is State.OUTDATED


def test_removing_the_marker_makes_it_unusable(marker: Marker) -> None:
    marker.write("inputs")
    marker.remove()
    marker.remove()
    assert marker.find("inputs").state is State.UNUSABLE


@pytest.mark.parametrize("missing", ["program", "package/code.py", "package/deep"])
def test_what_is_missing_is_named(marker: Marker, folder: Path, missing: str) -> None:
    marker.write("inputs")
    path = folder / missing
    path.rmdir() if path.is_dir() else path.unlink()
    finding = marker.find("inputs")
    assert finding.state is State.UNUSABLE
    assert finding.reason == f"is damaged: made/{missing} is missing"


def test_what_programs_and_people_add_does_not_matter(marker: Marker, folder: Path) -> None:
    (folder / "package" / "__pycache__").mkdir()
    marker.write("inputs")
    (folder / "package" / "__pycache__").rmdir()
    (folder / "added").write_text("")
    assert marker.find("inputs").state is State.READY


def test_a_folder_that_was_moved_is_unusable(tmp_path: Path, marker: Marker, folder: Path) -> None:
    marker.write("inputs")
    folder.rename(tmp_path / "moved")
    moved = Marker(
        root=tmp_path,
        path=tmp_path / "moved" / ".ready",
        folder=tmp_path / "moved",
        listed=["moved"],
    )
    finding = moved.find("inputs")
    assert finding.state is State.UNUSABLE
    assert finding.reason == f"was made in {folder}"


def test_the_digest_changes_with_names_contents_and_words(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1")
    digests = [digest(tmp_path, ["*.txt"]), digest(tmp_path, ["*.txt"], "word")]
    (tmp_path / "a.txt").write_text("2")
    digests.append(digest(tmp_path, ["*.txt"]))
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    digests.append(digest(tmp_path, ["*.txt"]))
    (tmp_path / "unrelated").write_text("3")
    assert digest(tmp_path, ["*.txt", "b.*"]) == digests[-1]
    assert len(set(digests)) == 4
