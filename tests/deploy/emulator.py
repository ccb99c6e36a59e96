"""MiniStack as a process of the tests: started on loopback, ended with all it has started."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config

from local.system.ports import free_port
from tests.deploy.rds import REGION, Rds
from tests.fixtures.waiting import answers, eventually

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PYTHON = ROOT / ".setup" / "ministack" / "bin" / "python"
NODE_MODULES = HERE / "node_modules"

ACCOUNT = "123456789012"  # also the access key: MiniStack takes twelve digits for an account
START_SECONDS = 60
STOP_SECONDS = 5

CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}


@dataclass(frozen=True)
class Emulator:
    """A running MiniStack.

    Attributes:
        port: its TCP port on 127.0.0.1; S3 needs to be asked by the name localhost.
        log: what it has written.
    """

    port: int
    log: Path

    @property
    def endpoint_url(self) -> str:
        """Where every service answers."""
        return f"http://localhost:{self.port}"

    def client(self, service: str) -> Any:
        """A boto3 client of one of its services."""
        make: Any = boto3.client  # its types list each service by its own name
        return make(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )


@contextlib.contextmanager
def running(
    folder: Path, *, rds: Rds, function_environment: Mapping[str, str]
) -> Iterator[Emulator]:
    """An emulator whose processes are all gone when the block ends."""
    assert PYTHON.exists(), "MiniStack is not installed: run `make setup`"
    assert NODE_MODULES.exists(), "the AWS SDK of the custom resources is missing: run `make setup`"
    emulator = Emulator(port=free_port(), log=folder / "emulator.log")
    scratch = folder / "emulator"
    scratch.mkdir()
    with emulator.log.open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, "-m", "tests.deploy.emulated"],
            cwd=ROOT,
            env={
                "PATH": os.pathsep.join((str(_node().parent), os.defpath)),
                "HOME": str(scratch),
                "TMPDIR": str(scratch),
                "NODE_PATH": str(NODE_MODULES),
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(emulator.port),
                "MINISTACK_ACCOUNT_ID": ACCOUNT,
                "MINISTACK_REGION": REGION,
                "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.3",
                "EMULATED_RDS": rds.superuser_url,
                "EMULATED_RDS_PORT": str(rds.port),
                "EMULATED_FUNCTION_ENVIRONMENT": json.dumps(dict(function_environment)),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_up(emulator, process)
        yield emulator
    finally:
        _end(process)


def _node() -> Path:
    node = shutil.which("node")
    assert node, "node is not on the PATH"
    return Path(node)


def _wait_until_up(emulator: Emulator, process: "subprocess.Popen[bytes]") -> None:
    def is_up() -> bool:
        assert process.poll() is None, f"MiniStack ended: {emulator.log.read_text()}"
        return answers(f"{emulator.endpoint_url}/_ministack/health")

    eventually(is_up, "MiniStack is up", START_SECONDS)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End MiniStack, and kill the function workers that it leaves behind."""
    workers = psutil.Process(process.pid).children(recursive=True) if _runs(process) else []
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for worker in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
    gone, alive = psutil.wait_procs(workers, timeout=STOP_SECONDS)
    assert not alive, f"left behind: {alive} of {[*gone, *alive]}"


def _runs(process: "subprocess.Popen[bytes]") -> bool:
    return process.poll() is None
