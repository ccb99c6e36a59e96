"""What goes into a function's asset, what decides its hash, and how a failure is told."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.functions.bundling import FUNCTIONS, Bundler, BundlingError, Target
from tests.infra.synthesis import ROOT

ARM = Target.for_lambda(arch="arm64", python="3.13")
AARCH64 = 183  # e_machine of an ELF file

TAGS = tuple(
    f"cp{python}-cp{python}-manylinux_2_28_{machine}"
    for python in ("313", "314")
    for machine in ("aarch64", "x86_64")
)

Change = Callable[[Path], object]


def make_wheel(folder: Path, tag: str) -> Path:
    """A package `tiny` of one module that says which wheel it is from."""
    wheel = folder / f"tiny-1.0-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", f"TAG = '{tag}'\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Name: tiny\nVersion: 1.0\n")
        archive.writestr(
            "tiny-1.0.dist-info/WHEEL",
            f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n",
        )
        archive.writestr(
            "tiny-1.0.dist-info/entry_points.txt", "[console_scripts]\ntiny = tiny:main\n"
        )
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    return wheel


def make_repository(folder: Path, *, sha256: str | None = None) -> Bundler:
    """The functions' sources in another place, whose ingest needs only `tiny`; with its bundler."""
    shutil.copytree(ROOT / "lambdas", folder / "lambdas")
    wheels = [make_wheel(folder, tag) for tag in TAGS]
    digests = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels]
    hashes = " ".join(f"--hash=sha256:{sha256 or digest}" for digest in digests)
    (folder / "lambdas" / "ingest" / "requirements.txt").write_text(
        f"--no-index\n--find-links {folder}\ntiny==1.0 {hashes}\n"
    )
    return Bundler(root=folder, cache=folder / "cache")


def contents(folder: Path) -> dict[str, str]:
    """Every file with its hash."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_two_checkouts_give_the_same_hash_and_the_same_asset(tmp_path: Path, name: str) -> None:
    there = tmp_path / "there"
    shutil.copytree(ROOT / "lambdas", there / "lambdas")
    here, other = Bundler(), Bundler(root=there)
    assert here.fingerprint(name, ARM) == other.fingerprint(name, ARM)
    here.bundle(name, ARM, tmp_path / "a")
    other.bundle(name, ARM, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize(
    "change",
    [
        lambda lambdas: (lambdas / "ingest" / "handler.py").write_text("# other"),
        lambda lambdas: (lambdas / "ingest" / "new.sql").write_text("SELECT 1"),
        lambda lambdas: (lambdas / "common" / "settings.py").unlink(),
        lambda lambdas: (lambdas / "common" / "errors.py").rename(lambdas / "common" / "e.py"),
        lambda lambdas: (lambdas / "ingest" / "requirements.txt").write_text("tiny==2.0"),
    ],
    ids=["its code", "a new file", "a file gone", "a file renamed", "its lock"],
)
def test_the_hash_changes_with_what_is_in_the_asset(tmp_path: Path, change: Change) -> None:
    bundler = make_repository(tmp_path)
    before = bundler.fingerprint("ingest", ARM)
    change(tmp_path / "lambdas")
    assert bundler.fingerprint("ingest", ARM) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda lambdas: (lambdas / "auth" / "handler.py").write_text("# other"),
        lambda lambdas: (lambdas / "ingest" / "requirements.in").write_text("# other"),
        lambda lambdas: (
            (lambdas / "ingest" / "__pycache__").mkdir(exist_ok=True)
            or (lambdas / "ingest" / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"x")
        ),
        lambda lambdas: (lambdas.parent / "Makefile").write_text("all:"),
    ],
    ids=["another function", "the unlocked requirements", "compiled code", "the rest"],
)
def test_the_hash_stays_with_what_is_not(tmp_path: Path, change: Change) -> None:
    bundler = make_repository(tmp_path)
    before = bundler.fingerprint("ingest", ARM)
    change(tmp_path / "lambdas")
    assert bundler.fingerprint("ingest", ARM) == before


def test_the_hash_depends_on_processor_and_python() -> None:
    targets = [
        Target.for_lambda(arch=arch, python=python)
        for arch in ("arm64", "x86_64")
        for python in ("3.13", "3.14")
    ]
    assert len({Bundler().fingerprint("ingest", target) for target in targets}) == 4


def test_an_asset_holds_its_packages_the_common_code_and_its_own(tmp_path: Path) -> None:
    Bundler().bundle("ingest", ARM, tmp_path)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert {"psycopg2/__init__.py", "aws_lambda_powertools/__init__.py"} <= files
    assert {"lambdas/ingest/handler.py", "lambdas/common/settings.py"} <= files
    assert {path.name for path in (tmp_path / "lambdas").iterdir()} == {
        "__init__.py",
        "common",
        "ingest",
    }
    unwanted = ("__pycache__", ".pyc", "requirements.txt", "requirements.in", "boto3")
    assert not [path for path in files if path.endswith(unwanted)]
    assert not (tmp_path / "bin").exists()


@pytest.mark.parametrize("tag", TAGS)
def test_the_wheel_is_that_of_the_targets_processor_and_python(tmp_path: Path, tag: str) -> None:
    bundler = make_repository(tmp_path)
    arch = "arm64" if tag.endswith("aarch64") else "x86_64"
    target = Target.for_lambda(arch=arch, python=f"3.{tag[3:5]}")
    assert (bundler.wheels("ingest", target) / "tiny.py").read_text() == f"TAG = '{tag}'\n"


def test_an_arm_asset_holds_arm_code_and_is_small(tmp_path: Path) -> None:
    Bundler().bundle("ingest", ARM, tmp_path)
    libraries = [path for path in tmp_path.rglob("*.so*") if path.is_file()]
    assert libraries
    for library in libraries:
        header = library.read_bytes()[:20]
        assert header[:4] == b"\x7fELF", library
        assert int.from_bytes(header[18:20], "little") == AARCH64, library
    size_mb = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) / 1e6
    assert 5 < size_mb < 30


def test_an_asset_is_readable_by_all_whatever_the_umask_was(tmp_path: Path) -> None:
    bundler = make_repository(tmp_path / "repository")
    before = os.umask(0o077)
    try:
        bundler.bundle("ingest", ARM, tmp_path / "asset")
    finally:
        os.umask(before)
    for path in (tmp_path / "asset").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_packages_are_installed_once_and_by_one_of_several_at_once(tmp_path: Path) -> None:
    bundler = make_repository(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: bundler.wheels("ingest", ARM), range(4)))
    (folder,) = found
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [folder.name]
    for wheel in tmp_path.glob("*.whl"):
        wheel.unlink()
    assert bundler.wheels("ingest", ARM) == folder


def test_programs_of_packages_are_left_out(tmp_path: Path) -> None:
    folder = make_repository(tmp_path).wheels("ingest", ARM)
    assert {path.name for path in folder.iterdir()} == {"tiny.py", "tiny-1.0.dist-info"}


def test_a_package_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    bundler = make_repository(tmp_path, sha256="0" * 64)
    with pytest.raises(BundlingError, match=r"unable to install lambdas/ingest/requirements.txt"):
        bundler.wheels("ingest", ARM)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_lock_without_hashes_is_refused(tmp_path: Path) -> None:
    bundler = make_repository(tmp_path)
    lock = tmp_path / "lambdas" / "ingest" / "requirements.txt"
    lock.write_text(lock.read_text().partition(" --hash")[0])
    with pytest.raises(BundlingError, match="hash"):
        bundler.wheels("ingest", ARM)


def test_a_missing_uv_is_said_with_what_to_do(tmp_path: Path) -> None:
    # An interpreter that sees nothing of this environment: no packages, no programs.
    bare = tmp_path / "python"
    bare.symlink_to(Path(sys.executable).resolve())
    make_repository(tmp_path)
    program = (
        "from pathlib import Path; from infra.functions.bundling import Bundler, Target; "
        f"root = Path({str(tmp_path)!r}); "
        "Bundler(root=root, cache=root / 'cache').wheels("
        "'ingest', Target.for_lambda(arch='arm64', python='3.13'))"
    )
    result = subprocess.run(
        [bare, "-S", "-c", program],
        cwd=ROOT,
        env={"PATH": os.fspath(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "uv is missing: run `pip install -r requirements.txt`" in result.stderr
