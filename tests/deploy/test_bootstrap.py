"""An account that only a bootstrap with another qualifier has prepared: `bootstrap_qualifier`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import emulator, rds
from tests.deploy.cdk_cli import CdkCli
from tests.deploy.emulator import ACCOUNT
from tests.deploy.rds import REGION
from tests.deploy.stage import APPROVED, STATEFUL

pytestmark = pytest.mark.timeout(300)

SETTINGS = ("--context=stage=dev", "--context=bootstrap_qualifier=team1")


@pytest.fixture
def cdk(tmp_path: Path) -> Iterator[CdkCli]:
    """The CDK CLI with an AWS of this test's own, where nothing has been bootstrapped."""
    folder = tmp_path / "cdk"
    folder.mkdir()
    with (
        rds.running(tmp_path) as server,
        emulator.running(tmp_path, rds=server, function_environment={}) as aws,
    ):
        yield CdkCli(aws, folder)


def test_a_stage_is_deployed_through_a_bootstrap_of_its_own(cdk: CdkCli, tmp_path: Path) -> None:
    assembly = str(tmp_path / "assembly")
    cdk.run("synth", "--quiet", "--output", assembly, *SETTINGS)
    too_early = cdk.attempt("deploy", STATEFUL, "--app", assembly, *APPROVED)
    assert too_early.returncode != 0
    assert "/cdk-bootstrap/team1/version" in too_early.stdout
    said = cdk.bootstrap("-c", "bootstrap_qualifier=team1")
    assert f"aws://{ACCOUNT}/{REGION} bootstrapped" in said
    cdk.run("deploy", STATEFUL, "--app", assembly, *APPROVED)
    stacks = cdk.emulator.client("cloudformation").describe_stacks()["Stacks"]
    statuses = {each["StackName"]: each["StackStatus"] for each in stacks}
    # The others' bootstrap, which would be CDKToolkit, is left alone.
    assert statuses == {"CDKToolkit-team1": "CREATE_COMPLETE", STATEFUL: "CREATE_COMPLETE"}
    buckets = [each["Name"] for each in cdk.emulator.client("s3").list_buckets()["Buckets"]]
    assert f"cdk-team1-assets-{ACCOUNT}-{REGION}" in buckets
