"""The CDK CLI of package.json, as an operator runs it, talking to the emulated AWS."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.emulator import CREDENTIALS, HERE, ROOT, Emulator

CDK = ROOT / "node_modules" / ".bin" / "cdk"
IMPATIENT = HERE / "impatient.cjs"
TIMEOUT_SECONDS = 240


@dataclass(frozen=True)
class CdkCli:
    """Runs commands of the CDK.

    Attributes:
        folder: of the CLI's own files, its home among them.
    """

    emulator: Emulator
    folder: Path

    @property
    def docker_log(self) -> Path:
        """Every call of docker as a line of JSON."""
        return self.folder / "docker.jsonl"

    def bootstrap(self, *arguments: str) -> str:
        """Prepare account and region as `make bootstrap` does; returns what was said."""
        command = [sys.executable, "-m", "scripts.bootstrap", "-c", "stage=dev", *arguments]
        # The CLI runs the app, and another worker may use the checkout's cdk.out.
        with tempfile.TemporaryDirectory() as output:
            return self._checked("bootstrap", self._attempt([*command, "--output", output], ROOT))

    def run(self, *arguments: str, cwd: Path = ROOT) -> str:
        """Run a command to its good end; returns what it said.

        Raises:
            AssertionError: it failed; what it said and the emulator's last words are in it.
        """
        return self._checked(arguments[0], self.attempt(*arguments, cwd=cwd))

    def attempt(self, *arguments: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
        """Run a command, whatever comes of it; stderr is in stdout."""
        assert CDK.exists(), "the CDK CLI is not installed: run `make setup`"
        return self._attempt([self._node(), str(CDK), *arguments], cwd)

    def _checked(self, command: str, result: "subprocess.CompletedProcess[str]") -> str:
        log_end = self.emulator.log.read_text(errors="replace")[-6000:]
        assert result.returncode == 0, f"cdk {command}: {result.stdout[-9000:]}\n{log_end}"
        return result.stdout

    def _attempt(self, command: list[str], cwd: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=cwd,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

    def _environment(self) -> dict[str, str]:
        unpacked = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
        folders = (Path(sys.executable).parent, Path(self._node()).parent)
        return {
            **CREDENTIALS,
            "NODE_OPTIONS": f"--require {IMPATIENT}",
            "PATH": os.pathsep.join((*map(str, folders), os.defpath)),
            "HOME": str(self.folder),
            "CDK_HOME": str(self.folder),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DOCKER": str(HERE / "docker_stub"),
            "DOCKER_STUB_LOG": str(self.docker_log),
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(unpacked),
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.emulator.endpoint_url,
            "AWS_ENDPOINT_URL_S3": self.emulator.endpoint_url,
        }

    def _node(self) -> str:
        node = shutil.which("node")
        assert node, "node is not on the PATH"
        return node
