"""What is damaged is noticed, named in one line, and made again; what cannot be made says why."""

import os
import re
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.set_up.lock import exclusive
from scripts.set_up.marker import State
from scripts.set_up.python import VENV
from scripts.set_up.steps import STEPS
from tests.set_up.checkout import ROOT, Checkout

pytestmark = pytest.mark.timeout(240)

PACKAGES = ("uv", "iniconfig", "packaging")  # few, so that an environment is made in seconds
PROOF = (".venv/bin/python", "-c", "import pip, iniconfig, packaging; print('imported')")
(PYTHON,) = (step for step in STEPS if step.name == "python")


def lock_of(*names: str) -> str:
    """These packages' lines of this checkout's lock."""
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", (ROOT / "requirements-dev.txt").read_text())
    return "\n".join(block for block in blocks if block.partition("==")[0] in names) + "\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose environment is small, and ready."""
    checkout = Checkout.copy(tmp_path_factory.mktemp("small"))
    (checkout.root / "requirements-dev.txt").write_text(lock_of(*PACKAGES))
    made = checkout.make("python")
    assert made.process.returncode == 0, made.said
    return checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout that shares this one's environment."""
    return Checkout.copy(tmp_path, environment=ROOT / VENV)


def never() -> None:
    raise AssertionError("nobody else holds the lock")


def linked(source: str, target: str) -> None:
    """Copy a file as a second name of it, unless it is one that is written to."""
    if source.endswith(".ready"):
        shutil.copy(source, target)
    else:
        os.link(source, target)


def site_packages(root: Path) -> Path:
    (folder,) = root.glob(f"{VENV}/lib/python*/site-packages")
    return folder


def replace_by_file(path: Path) -> None:
    path.unlink()
    path.write_text("")


def of_another_version(root: Path) -> None:
    """As an upgrade of the system's Python makes it: the link leads to another one's folders."""
    library = site_packages(root).parent
    library.rename(library.with_name("python3.1"))


def without_its_python(root: Path) -> None:
    python = root / VENV / "bin" / "python"
    python.unlink()
    python.symlink_to(root / "python-that-was-removed")


def with_a_file_for_its_python(root: Path) -> None:
    python = root / VENV / "bin" / "python"
    python.unlink()
    python.write_text("")


def with_an_upgraded_python(root: Path) -> None:
    """The link leads to a Python whose packages are in another folder."""
    library = site_packages(root).parent
    library.rename(library.with_name("python3.1"))


def without_pip(root: Path) -> None:
    shutil.rmtree(site_packages(root) / "pip")


def with_an_empty_package(root: Path) -> None:
    for path in (site_packages(root) / "iniconfig").glob("*.py"):
        path.unlink()


def with_no_packages(root: Path) -> None:
    for path in site_packages(root).iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def without_its_marker(root: Path) -> None:
    (root / VENV / ".ready").unlink()


def with_the_marker_of_an_earlier_release(root: Path) -> None:
    (root / VENV / ".ready").write_text("")


def moved(root: Path) -> None:
    marker = root / VENV / ".ready"
    marker.write_text(marker.read_text().replace(str(root), "/elsewhere"))


DAMAGES: dict[Callable[[Path], None], str] = {
    without_its_python: "is damaged: its Python does not start",
    with_a_file_for_its_python: "is damaged: its Python does not start",
    with_an_upgraded_python: "is damaged: .venv/lib/python",
    without_pip: "/site-packages/pip is missing",
    with_an_empty_package: "/site-packages/iniconfig/__init__.py is missing",
    with_no_packages: "is damaged: .venv/lib/python",
    without_its_marker: "is incomplete, as an interrupted set-up leaves it",
    with_the_marker_of_an_earlier_release: "is incomplete, as an interrupted set-up leaves it",
    moved: "was made in /elsewhere",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_environment_is_noticed(
    small: Checkout, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    root = small.root
    whole = tmp_path / "whole"
    shutil.copytree(root / VENV, whole, symlinks=True, copy_function=linked)
    try:
        assert PYTHON.find(root).state is State.READY
        damage(root)
        finding = PYTHON.find(root)
    finally:
        shutil.rmtree(root / VENV)
        shutil.move(whole, root / VENV)
    assert finding.state is State.UNUSABLE
    assert DAMAGES[damage] in finding.reason


def test_a_damaged_environment_is_made_again(small: Checkout) -> None:
    without_its_python(small.root)
    made = small.make("python")
    assert made.process.returncode == 0, made.said
    assert "make setup: .venv is damaged: its Python does not start; making it again\n" in made.said
    assert small.run(*PROOF) == "imported\n"


def test_another_lock_is_installed_in_place(small: Checkout) -> None:
    own = small.root / VENV / "own-file"
    own.write_text("kept")
    (small.root / "requirements-dev.txt").write_text(lock_of(*PACKAGES, "pluggy"))
    made = small.make("python")
    assert made.process.returncode == 0, made.said
    assert made.said.splitlines() == ["make setup: installing Python packages into .venv …"]
    small.run(".venv/bin/python", "-c", "import pluggy")
    assert own.read_text() == "kept"


def test_emptied_packages_of_node_are_installed_again(checkout: Checkout) -> None:
    modules = checkout.root / "node_modules"
    assert checkout.make("cdk").process.returncode == 0
    shutil.rmtree(modules / "aws-cdk")
    made = checkout.make("cdk")
    assert "make setup: node_modules is damaged: node_modules/aws-cdk is missing" in made.said
    assert checkout.run("node_modules/.bin/cdk", "--version").startswith("2.")


def test_a_second_make_waits_for_the_first(checkout: Checkout) -> None:
    with ExitStack() as first:
        first.enter_context(exclusive(checkout.root / ".setup" / "lock", on_wait=never))
        with checkout.making("cdk") as second:
            second.until("another make sets up this checkout; waiting for it to end")
            assert not (checkout.root / "node_modules").exists()
            first.close()
            assert second.wait() == 0
    assert checkout.run("node_modules/.bin/cdk", "--version").startswith("2.")


def test_a_make_that_need_do_nothing_waits_for_nobody(checkout: Checkout) -> None:
    with exclusive(checkout.root / ".setup" / "lock", on_wait=never):
        assert checkout.make("python").process.returncode == 0


def test_a_full_disk_is_said_and_the_next_make_goes_on(checkout: Checkout) -> None:
    with checkout.making("cdk", largest_file_kib=1024) as make:
        assert make.wait() != 0
    assert "unable to finish installing the CDK CLI into node_modules: `npm ci" in make.said
    assert "the next make resumes it" in make.said
    assert checkout.make("cdk").process.returncode == 0
    assert checkout.run("node_modules/.bin/cdk", "--version").startswith("2.")


@pytest.mark.parametrize("step", ["cdk", "bundles", "ministack"])
def test_a_lost_network_is_said_and_the_next_make_goes_on(
    checkout: Checkout, tmp_path: Path, step: str
) -> None:
    nothing = str(tmp_path / "empty-cache")
    cold = {"npm_config_cache": nothing, "UV_CACHE_DIR": nothing}
    failed = checkout.make(step, environment=cold)
    assert failed.process.returncode != 0
    assert "make setup: unable to finish installing " in failed.said
    assert "the next make resumes it" in failed.said
    assert "Traceback" not in failed.said
    made = checkout.make(step)
    assert made.process.returncode == 0, made.said


def test_an_unknown_step_is_a_sentence(checkout: Checkout) -> None:
    made = checkout.make("pyhton")
    assert "there is no step pyhton: choose from python, cdk, web, page" in made.said
