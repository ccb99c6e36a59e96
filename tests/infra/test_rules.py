"""The stacks pass cdk-nag, the template validation and cfn-lint; each of them does find faults."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

from infra.shared import nag
from tests.infra.synthesis import ROOT, Stage, make_app

# What the CDK grants its own function, which copies the page's files.
COPIER = (
    "Action::s3:Abort*",
    "Action::s3:DeleteObject*",
    "Action::s3:GetBucket*",
    "Action::s3:GetObject*",
    "Action::s3:List*",
    "Resource::<WebsiteFiles8BA07689.Arn>/*",
    "Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*",
)
# Every version of the functions that the deploy runs.
STEPS = (
    "Resource::<HttpApiAuthFunction8A4BE017.Arn>:*",
    "Resource::<MigrateFunction1331D5A5.Arn>:*",
)


def test_an_unacknowledged_finding_of_cdk_nag_fails_the_synthesis(tmp_path: Path) -> None:
    app = make_app(tmp_path, "dev")
    sqs.Queue(cdk.Stack(app, "Stack"), "WithoutTls")
    nag.check(app)
    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.synth()


def test_an_acknowledged_finding_passes_and_only_on_its_own_construct(tmp_path: Path) -> None:
    app = make_app(tmp_path, "dev")
    stack = cdk.Stack(app, "Stack")
    accepted = sqs.Queue(stack, "Accepted")
    nag.acknowledge(accepted, {"SQS3": "a reason", "SQS4": "another"})
    nag.check(app)
    app.synth()
    sqs.Queue(stack, "Another")
    with pytest.raises(RuntimeError, match="Another"):
        app.synth(force=True)


def test_a_finding_of_the_template_validation_fails_the_synthesis(tmp_path: Path) -> None:
    app = make_app(tmp_path, "dev")
    sqs.CfnQueue(cdk.Stack(app, "Stack"), "TooLate", delay_seconds=9999)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    assert [finding["description"] for finding in _findings(tmp_path)] == [
        "DelaySeconds: 9999 is greater than the maximum of 900"
    ]


def test_not_even_a_warning_is_left(dev: Stage, prod: Stage) -> None:
    assert _findings(prod.folder) == []
    assert [finding["ruleName"] for finding in _findings(dev.folder)] == [
        "Annotation::ably-postgres:no-ably-identity"
    ]


def test_no_finding_is_accepted_but_these_each_with_its_reason(dev: Stage, prod: Stage) -> None:
    everywhere = {
        "APIG4",
        "ECS2",
        "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
        "IAM5[Resource::*]",
        "L1",
        "RDS11",
        "SMG4",
        "SQS3",
        *(f"IAM5[{what}]" for what in STEPS),
    }
    page = {"CFR1", "CFR3", "S1"} | {f"IAM5[{what}]" for what in COPIER}
    unprotected = {"CFR2", "CFR4", "ECS4", "RDS3", "RDS10", "VPC7"}
    assert set(_accepted(dev)) == everywhere | page | unprotected
    assert set(_accepted(prod)) == everywhere | page
    for reason in (*_accepted(dev).values(), *_accepted(prod).values()):
        assert len(reason) > 30


def test_cfn_lint_finds_nothing(dev: Stage, prod: Stage, queued: Stage) -> None:
    stages = (dev, prod, queued)
    templates = [str(path) for stage in stages for path in stage.folder.glob("*.template.json")]
    assert len(templates) == 6
    result = _cfn_lint(*templates)
    assert result.returncode == 0, result.stdout


def test_cfn_lint_does_find_faults(tmp_path: Path) -> None:
    template = tmp_path / "wrong.template.json"
    template.write_text('{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"X": 1}}}}')
    assert _cfn_lint(str(template)).returncode != 0


def _reports(folder: Path) -> list[dict[str, Any]]:
    return list(json.loads((folder / "validation-report.json").read_text())["pluginReports"])


def _findings(folder: Path) -> list[dict[str, Any]]:
    return [finding for report in _reports(folder) for finding in report["violations"]]


def _accepted(stage: Stage) -> dict[str, str]:
    """The reason of every finding that was there and acknowledged, by its rule."""
    return {
        finding["acknowledgedId"].removeprefix("AwsSolutions::AwsSolutions-"): finding["reason"]
        for report in _reports(stage.folder)
        for finding in report.get("suppressedViolations", [])
    }


def _cfn_lint(*templates: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *templates],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
