"""Which browser is taken; programs of two lines stand for browsers."""

from pathlib import Path

import pytest

from scripts.ensure_browser import COMPLETE, BrowserError, find_browser


def program(path: Path, *, starts: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {0 if starts else 1}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Playwright's, installed to the end."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / COMPLETE).touch()
    return program(tmp_path / "own" / "chrome-linux" / "chrome")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def test_what_chrome_names_comes_first(tmp_path: Path, path: Path, own: Path) -> None:
    program(path / "chromium")
    named = program(tmp_path / "named")
    assert find_browser({"CHROME": str(named), "PATH": str(path)}, own=own, apps=()) == named


def test_chrome_may_name_a_command(path: Path, own: Path) -> None:
    program(path / "chromium")
    named = program(path / "my-browser")
    assert find_browser({"CHROME": "my-browser", "PATH": str(path)}, own=own, apps=()) == named


@pytest.mark.parametrize("there", [True, False])
def test_a_wrong_chrome_is_an_error_even_where_there_is_another(
    tmp_path: Path, path: Path, own: Path, *, there: bool
) -> None:
    program(path / "chromium")
    named = tmp_path / "named"
    if there:
        program(named, starts=False)
    with pytest.raises(BrowserError, match=f"CHROME={named} is not a browser that starts"):
        find_browser({"CHROME": str(named), "PATH": str(path)}, own=own, apps=())


def test_an_app_outside_the_path_is_found(tmp_path: Path, path: Path, own: Path) -> None:
    app = program(tmp_path / "Google Chrome.app" / "Google Chrome")
    assert find_browser({"PATH": str(path)}, own=own, apps=[str(app)]) == app


@pytest.mark.parametrize("command", ["chromium", "chromium-browser", "google-chrome"])
def test_an_installed_browser_comes_before_playwrights_own(
    path: Path, own: Path, command: str
) -> None:
    installed = program(path / command)
    assert find_browser({"PATH": str(path)}, own=own, apps=()) == installed


def test_a_browser_that_does_not_start_is_passed_over(path: Path, own: Path) -> None:
    program(path / "chromium", starts=False)
    assert find_browser({"PATH": str(path)}, own=own, apps=()) == own


def test_half_of_playwrights_own_is_passed_over(tmp_path: Path, path: Path, own: Path) -> None:
    (tmp_path / "own" / COMPLETE).unlink()
    with pytest.raises(BrowserError, match="no browser found"):
        find_browser({"PATH": str(path)}, own=own, apps=())


def test_no_browser_is_an_error_that_says_what_to_do(tmp_path: Path, path: Path) -> None:
    with pytest.raises(BrowserError, match=r"install Chromium or Chrome, or name one in CHROME$"):
        find_browser({"PATH": str(path)}, own=tmp_path / "not-there", apps=())
