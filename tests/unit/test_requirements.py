"""Every requirements.txt is what `make requirements` makes of its .in file, and all agree."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path.relative_to(ROOT)
    for pattern in ("requirements*.in", "connector_task/*.in", "lambdas/**/*.in")
    for path in ROOT.glob(pattern)
)
EMULATED_AWS = Path("tests/deploy/requirements.in")  # an environment of its own
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def wanted(source: Path) -> list[Requirement]:
    """The requirements of an .in file, those of the files it includes among them."""
    requirements = []
    for line in (ROOT / source).read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            included = (ROOT / source).parent / text.removeprefix("-r ")
            requirements += wanted(included.with_suffix(".in").relative_to(ROOT))
        elif text:
            requirements.append(Requirement(text))
    return requirements


def pins(source: Path) -> dict[str, set[Version]]:
    found: dict[str, set[Version]] = {}
    for name, version in PIN.findall((ROOT / source.with_suffix(".txt")).read_text()):
        found.setdefault(canonicalize_name(name), set()).add(Version(version))
    return found


@pytest.mark.parametrize("source", [*SOURCES, EMULATED_AWS], ids=str)
def test_every_requirement_is_pinned_as_asked(source: Path) -> None:
    pinned = pins(source)
    for requirement in wanted(source):
        versions = pinned[canonicalize_name(requirement.name)]
        assert all(version in requirement.specifier for version in versions), requirement


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_what_is_deployed_is_what_is_tested(source: Path) -> None:
    tested = pins(Path("requirements-dev.in"))
    for name, versions in pins(source).items():
        assert versions <= tested[name], name


@pytest.mark.parametrize("source", [*SOURCES, EMULATED_AWS], ids=str)
def test_every_pin_has_its_hashes_and_no_file_names_an_index(source: Path) -> None:
    text = (ROOT / source.with_suffix(".txt")).read_text()
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    assert "://" not in text


def test_npm_locks_name_no_registry() -> None:
    folders = (".", "web", "tests/deploy", "tests/postgres")
    for lock in (Path(folder) / "package-lock.json" for folder in folders):
        assert '"resolved"' not in (ROOT / lock).read_text(), lock
