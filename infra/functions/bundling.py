"""Lambda assets without Docker: locked wheels for the runtime beside the function's source.

The wheels are installed by uv into a cache keyed by what decides them (lock, platform, Python), so
that a synth after `python -m infra.functions.bundling` needs no network. A function's asset is a
copy of its wheels, `lambdas/common` and its own folder, under the same package path as in the
repository.
"""

import argparse
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".setup" / "wheels"
FUNCTIONS = ("ably_rule", "auth", "deploy_step", "history", "ingest", "migrate")

# Part of every fingerprint: raise it when the layout of an asset changes.
LAYOUT = "1"
# What an asset does not need: how it was built and what only a developer reads.
_LEFT_OUT = ("__pycache__", "requirements.in", "requirements.txt", "*.md")
_INSTALL_SECONDS = 300


class BundlingError(Exception):
    """An asset could not be put together; the message says what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What an asset is to run on.

    Attributes:
        python: the version the wheels are for, as "3.13".
        platform: what uv calls it, as "aarch64-manylinux_2_28".
    """

    python: str
    platform: str

    @classmethod
    def for_lambda(cls, *, arch: str, python: str) -> "Target":
        """The Lambda runtime: Amazon Linux 2023, whose glibc (2.34) takes manylinux_2_28 wheels."""
        machine = {"arm64": "aarch64", "x86_64": "x86_64"}[arch]
        return cls(python=python, platform=f"{machine}-manylinux_2_28")

    @classmethod
    def for_host(cls) -> "Target":
        """This machine and this interpreter, for running an asset where it was made."""
        machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(
            platform.machine().lower(), platform.machine().lower()
        )
        system = {"darwin": "apple-darwin"}.get(sys.platform, "manylinux_2_28")
        return cls(
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            platform=f"{machine}-{system}",
        )


@dataclass(frozen=True, kw_only=True)
class Bundler:
    """Makes the assets of the functions in `root`/lambdas."""

    root: Path = REPOSITORY
    cache: Path = CACHE

    def fingerprint(self, function: str, target: Target) -> str:
        """A hash of all that decides the asset's content, and of nothing else."""
        digest = hashlib.sha256()
        for part in (LAYOUT, target.python, target.platform, self._lock(function).read_text()):
            digest.update(part.encode() + b"\0")
        for path in self._sources(function):
            digest.update(str(path.relative_to(self.root).as_posix()).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def bundle(self, function: str, target: Target, output: Path) -> None:
        """Write the function's asset into `output`.

        Raises:
            BundlingError: the wheels are not in the cache and could not be installed.
        """
        shutil.copytree(self.wheels(function, target), output, dirs_exist_ok=True)
        for path in self._sources(function):
            copy = output / path.relative_to(self.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        _make_readable(output)

    def wheels(self, function: str, target: Target) -> Path:
        """The folder with the function's installed packages, installed now if they are not yet.

        Raises:
            BundlingError: they could not be installed.
        """
        lock = self._lock(function)
        key = hashlib.sha256(f"{LAYOUT}\0{target}\0{lock.read_text()}".encode()).hexdigest()
        installed = self.cache / key[:32]
        if installed.is_dir():
            return installed
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache, prefix="installing-") as folder:
            fresh = Path(folder) / "wheels"
            _install(lock, target, fresh)
            try:
                fresh.rename(installed)
            except OSError:  # another process was first; its folder is the same
                if not installed.is_dir():
                    raise
        return installed

    def _lock(self, function: str) -> Path:
        return self.root / "lambdas" / function / "requirements.txt"

    def _sources(self, function: str) -> Iterator[Path]:
        package = self.root / "lambdas"
        yield package / "__init__.py"
        for folder in (package / "common", package / function):
            for path in sorted(folder.rglob("*")):
                parts = [path.relative_to(package), *path.relative_to(package).parents]
                left_out = any(part.match(name) for part in parts for name in _LEFT_OUT)
                if path.is_file() and not left_out:
                    yield path


def _install(lock: Path, target: Target, folder: Path) -> None:
    command = [
        *(_uv(), "pip", "install", "--quiet", "--target", str(folder), "--python", sys.executable),
        *("--python-platform", target.platform, "--python-version", target.python),
        *("--only-binary", ":all:", "--no-compile-bytecode", "--link-mode", "copy"),
        *("--require-hashes", "--requirements", str(lock)),
    ]
    result = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS
    )
    if result.returncode:
        msg = (
            f"unable to install {lock.relative_to(lock.parents[2])} for {target.platform}, Python "
            f"{target.python} (uv reads UV_DEFAULT_INDEX, not pip.conf); {result.stderr.strip()}"
        )
        raise BundlingError(msg)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)


def _uv() -> str:
    """The uv program: the one installed with this interpreter's packages before any other."""
    beside = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    if beside.exists():
        return str(beside)
    if importlib.util.find_spec("uv"):
        import uv

        return str(uv.find_uv_bin())
    if on_path := shutil.which("uv"):
        return on_path
    raise BundlingError("uv is missing: run `pip install -r requirements.txt` (or `make setup`)")


def _make_readable(folder: Path) -> None:
    """Give every file the mode that Lambda's user needs, whatever the umask of the checkout."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def main() -> None:
    """Install the wheels of every function, so that synthesizing and testing need no network."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.functions.bundling", description=main.__doc__
    )
    parser.add_argument(
        "--prefetch", action="store_true", required=True, help="for Lambda and for this machine"
    )
    parser.add_argument("--arch", choices=("arm64", "x86_64"), default="arm64")
    parser.add_argument("--python", default="3.13", help="version of the Lambda runtime")
    options = parser.parse_args()
    lambda_target = Target.for_lambda(arch=options.arch, python=options.python)
    try:
        for target in (lambda_target, Target.for_host()):
            for function in FUNCTIONS:
                Bundler().wheels(function, target)
    except BundlingError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
