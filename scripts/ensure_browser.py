"""Finds the browser that the end-to-end tests drive, and installs one where there is none.

Looked for in this order: what CHROME names, an installed Chromium or Chrome, Playwright's own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Playwright writes it into its browser's folder when all of the browser is there.
COMPLETE = "INSTALLATION_COMPLETE"
MACOS_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
VERSION_TIMEOUT = 30  # seconds; a cold start on a slow machine
INSTALL_TIMEOUT = 600  # seconds


class BrowserError(Exception):
    """No browser can be used; the message says what to do."""


def find_browser(
    environment: Mapping[str, str], *, own: Path, apps: Sequence[str] = MACOS_APPS
) -> Path:
    """The first browser that starts.

    Args:
        environment: CHROME and PATH are read.
        own: Where Playwright keeps its own browser, whether it is there or not.
        apps: Where browsers are that are on no PATH.

    Raises:
        BrowserError: CHROME names none that starts, or there is none at all.
    """
    if named := environment.get("CHROME"):
        path = shutil.which(named, path=environment.get("PATH"))
        if path and _starts(Path(path)):
            return Path(path)
        raise BrowserError(f"CHROME={named} is not a browser that starts; correct it or unset it")
    complete = [own] if _is_complete(own) else []
    for candidate in (*_commands(environment), *map(Path, apps), *complete):
        if candidate.exists() and _starts(candidate):
            return candidate
    raise BrowserError(
        "no browser found for the end-to-end tests; "
        "install Chromium or Chrome, or name one in CHROME"
    )


def playwright_browser() -> Path:
    """Where Playwright keeps its own Chromium, whether it is there or not."""
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def ensure_browser(environment: Mapping[str, str]) -> Path:
    """Find a browser; where there is none, install one and find that.

    Raises:
        BrowserError: None was there and none could be installed.
    """
    own = playwright_browser()
    try:
        return find_browser(environment, own=own)
    except BrowserError:
        if environment.get("CHROME"):
            raise
    for command in _installations():
        print(f"no browser found, trying: {' '.join(command)}", flush=True)
        if _succeeds(command, INSTALL_TIMEOUT):
            try:
                return find_browser(environment, own=own)
            except BrowserError:
                continue
    return find_browser(environment, own=own)


def _is_complete(own: Path) -> bool:
    """Whether an installation of Playwright's came to its end: half of one may start as well."""
    return any((folder / COMPLETE).exists() for folder in own.parents)


def _commands(environment: Mapping[str, str]) -> Iterator[Path]:
    for command in COMMANDS:
        if found := shutil.which(command, path=environment.get("PATH")):
            yield Path(found)


def _installations() -> Iterator[list[str]]:
    yield [sys.executable, "-m", "playwright", "install", "chromium"]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        yield ["dpkg", "--configure", "-a"]  # what an interrupted installation left to be done
        yield ["apt-get", "update", "-qq"]
        yield ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]


def _starts(browser: Path) -> bool:
    # Ubuntu's chromium-browser may be a script that only tells to install another package.
    return _succeeds([str(browser), "--version"], VERSION_TIMEOUT)


def _succeeds(command: list[str], timeout: float) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run = subprocess.run(  # noqa: S603 - the commands above, no one else's words
            command, capture_output=True, timeout=timeout, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


def main() -> int:
    """Write the path of a browser, or why there is none; returns the exit code."""
    try:
        print(ensure_browser(os.environ))
    except BrowserError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
