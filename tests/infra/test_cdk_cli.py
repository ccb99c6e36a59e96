"""`cdk synth` as an operator runs it: an empty environment, and no network if that can be."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.functions.bundling import FUNCTIONS, Bundler, Target
from tests.infra.synthesis import ROOT, Stage

CDK = ROOT / "node_modules" / ".bin" / "cdk"
TIMEOUT_SECONDS = 100
# The folder of `python3`: of these tests' environment, and one that has nothing of it.
OWN_PYTHON = Path(sys.executable).parent
PLAIN_PYTHON = Path(getattr(sys, "_base_executable", sys.executable)).parent

SYNTH = ("synth", "--quiet", "--output")

Cdk = Callable[..., subprocess.CompletedProcess[str]]


def _cut_off() -> list[str]:
    """What to put before a command so that it has no network; nothing where this user may not."""
    for prefix in (["unshare", "-n"], ["unshare", "-rn"]):
        if (
            shutil.which("unshare")
            and not subprocess.run([*prefix, "true"], check=False).returncode
        ):
            return prefix
    return []


@pytest.fixture(scope="session")
def cdk(tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """Runs a command of the pinned CDK CLI with an empty home and without the network."""
    assert CDK.exists(), "the CDK CLI is not installed: run `npm ci` (or `make setup`)"
    for name in FUNCTIONS:
        Bundler().wheels(name, Target.for_lambda(arch="arm64", python="3.13"))
    node = shutil.which("node")
    assert node, "node is not on the PATH"
    home = tmp_path_factory.mktemp("home")
    unpacked = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
    environment = {
        "HOME": str(home),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(unpacked),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }

    def run(*arguments: str, python: Path = OWN_PYTHON) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*_cut_off(), node, CDK, *arguments],
            cwd=ROOT,
            env={**environment, "PATH": os.pathsep.join(map(str, (python, Path(node).parent)))},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

    return run


def _function_assets(folder: Path) -> set[str]:
    """The hashes of the assets of our functions, not of those that the CDK brings."""
    (manifest,) = folder.glob("*-service.assets.json")
    files: dict[str, Any] = json.loads(manifest.read_text())["files"]
    return {key for key, file in files.items() if file["displayName"].endswith("/Function/Code")}


def test_dev_synthesizes_with_its_assets_as_hashed_in_any_process(
    cdk: Cdk, dev: Stage, tmp_path: Path
) -> None:
    first = cdk(*SYNTH, str(tmp_path), "-c", "stage=dev")
    assert first.returncode == 0, first.stderr
    assets = _function_assets(tmp_path)
    assert assets == _function_assets(dev.folder)
    assert len(assets) == len(set(FUNCTIONS) - {"ably_rule"})  # which needs a token of Ably's
    for key in assets:
        assert (tmp_path / f"asset.{key}" / "lambdas" / "common").is_dir()
    assert "Bundling asset" in first.stderr
    second = cdk(*SYNTH, str(tmp_path), "-c", "stage=dev")
    assert second.returncode == 0, second.stderr
    assert "Bundling asset" not in second.stderr
    assert _function_assets(tmp_path) == assets


def test_prod_synthesizes(cdk: Cdk, tmp_path: Path) -> None:
    result = cdk(*SYNTH, str(tmp_path), "-c", "stage=prod")
    assert result.returncode == 0, result.stderr
    assert len(list(tmp_path.glob("*.template.json"))) == 2


def test_a_plain_bootstrap_says_what_to_run_whatever_python_is_on_the_path(cdk: Cdk) -> None:
    result = cdk("bootstrap", python=PLAIN_PYTHON)
    assert result.returncode != 0
    assert "`make bootstrap STAGE=dev`" in result.stderr
    assert "Traceback" not in result.stderr


def test_wrong_settings_end_in_sentences_and_no_traceback(cdk: Cdk, tmp_path: Path) -> None:
    wrong = ("-c", "stage=dev", "-c", "nat_gateways=9", "-c", "arch=mips")
    result = cdk(*SYNTH, str(tmp_path), *wrong)
    assert result.returncode != 0
    assert "nat_gateways must be a whole number from 0 to 2, not '9'." in result.stderr
    assert "arch must be one of arm64, x86_64, not 'mips'." in result.stderr
    assert "Traceback" not in result.stderr
