"""The npm packages of the folders that have a package-lock.json, and the page built by some."""

import re
import shutil
import subprocess

from scripts.set_up.files import remove
from scripts.set_up.step import SetUpError, Workshop

OLDEST_NODE = 20
PAGE = "web/dist"


def install_packages(workshop: Workshop, folder: str) -> None:
    """Install exactly what a folder's lock names.

    npm removes what is there first, so that nothing half-made is left in between.
    """
    require_node()
    workshop.commands.run(
        *("npm", "ci", "--loglevel=error", "--prefer-offline"), cwd=workshop.root / folder
    )


def build_page(workshop: Workshop, *, update: bool) -> None:  # noqa: ARG001  # always whole
    """Build the page in another folder, which then takes the place of the last one.

    A run that serves the page finds either of them, and never half of one.
    """
    require_node()
    built = workshop.root / ".setup" / "page"
    remove(built)
    workshop.commands.run(
        *("npm", "run", "--silent", "build", "--", "--outDir", built, "--emptyOutDir"),
        cwd=workshop.root / "web",
    )
    remove(workshop.root / PAGE)
    built.rename(workshop.root / PAGE)


def require_node() -> None:
    """Check the machine's Node.

    Raises:
        SetUpError: it is missing or too old.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise SetUpError(
            f"Node {OLDEST_NODE} or newer with npm is needed to build the page; "
            "install it from your system or nodejs.org"
        )
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S607
    found = re.match(r"v(\d+)", said)
    if found is None or int(found[1]) < OLDEST_NODE:
        raise SetUpError(f"Node {said.strip()} is too old: {OLDEST_NODE} or newer is needed")
