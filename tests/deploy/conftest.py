"""One deployed stage for the session: Postgres, the emulated AWS, a local Ably, both stacks."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.functions.bundling import FUNCTIONS, Bundler, Target
from tests.deploy import emulator, rds
from tests.deploy.cdk_cli import CdkCli
from tests.deploy.emulator import Emulator
from tests.deploy.rds import Rds
from tests.deploy.stage import Stage
from tests.fixtures.ably import LocalAbly


@pytest.fixture(scope="session")
def deploy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything of the deploy tests is kept."""
    return tmp_path_factory.mktemp("deploy")


@pytest.fixture(scope="session")
def emulated_rds(deploy_folder: Path) -> Iterator[Rds]:
    """The server that stands for RDS."""
    with rds.running(deploy_folder) as server:
        yield server


@pytest.fixture(scope="session")
def emulated_aws(deploy_folder: Path, emulated_rds: Rds) -> Iterator[Emulator]:
    """The emulated AWS; its functions trust the emulated RDS's authority, not Amazon's."""
    replaced = {"DB_SSLROOTCERT": str(emulated_rds.authority)}
    with emulator.running(
        deploy_folder, rds=emulated_rds, function_environment=replaced
    ) as running:
        yield running


@pytest.fixture(scope="session")
def session_stage(
    deploy_folder: Path, emulated_rds: Rds, emulated_aws: Emulator
) -> Iterator[Stage]:
    """Stage dev, not deployed yet, in a bootstrapped account."""
    assert sys.platform == "linux", "the functions' wheels are Lambda's: they run on Linux alone"
    for name in FUNCTIONS:
        Bundler().wheels(name, Target.for_host())
    folder = deploy_folder / "cdk"
    folder.mkdir()
    ably = LocalAbly(account_id="local", lambda_endpoint_url=emulated_aws.endpoint_url)
    ably.start()
    try:
        stage = Stage(CdkCli(emulated_aws, folder), ably, emulated_rds)
        stage.cdk.bootstrap("--app", str(stage.assembly))
        yield stage
    finally:
        ably.close()


@pytest.fixture
def stage(session_stage: Stage) -> Stage:
    """Stage dev, deployed."""
    session_stage.ensure_deployed()
    return session_stage


@pytest.fixture
def stage_of_any_release(session_stage: Stage) -> Stage:
    """Stage dev, deployed from the repository or from what a test made of it."""
    session_stage.ensure_deployed(any_release=True)
    return session_stage
