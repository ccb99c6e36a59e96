"""The ingest function: how events are repeated, what it may touch, and who may invoke it."""

import re

from tests.infra.synthesis import Stage, Template

ABLY_ACCOUNT = "203461409171"
XRAY = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


def test_an_event_is_tried_three_times_then_left_in_the_dead_letters(dev: Stage) -> None:
    invoke = dev.service.properties("AWS::Lambda::EventInvokeConfig")
    assert invoke["MaximumRetryAttempts"] == 2
    assert invoke["MaximumEventAgeInSeconds"] == 21600
    target = dev.service.function("ingest")["DeadLetterConfig"]["TargetArn"]
    assert "IngestQueuesDeadLetters" in target["Fn::GetStackOutput"]["OutputName"]


def test_concurrency_is_reserved_in_prod_alone(dev: Stage, prod: Stage) -> None:
    assert "ReservedConcurrentExecutions" not in dev.service.function("ingest")
    assert prod.service.function("ingest")["ReservedConcurrentExecutions"] == 20


def test_ably_may_invoke_the_ingest_function_and_nothing_else(prod: Stage) -> None:
    role = prod.service.properties("AWS::IAM::Role", "AblyAccess")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRole"
    assert re.search(rf"iam::{ABLY_ACCOUNT}:root", str(trust["Principal"]))
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": "acct12.aBCdEf"}}
    (policy,) = [
        made["Properties"]
        for name, made in prod.service.of_type("AWS::IAM::Policy").items()
        if "AblyAccess" in name
    ]
    (statement,) = policy["PolicyDocument"]["Statement"]
    (ingest,) = [name for name in prod.service.of_type("AWS::Lambda::Function") if "Ingest" in name]
    assert sorted(statement["Action"]) == ["lambda:InvokeAsync", "lambda:InvokeFunction"]
    assert statement["Resource"] == {"Fn::GetAtt": [ingest, "Arn"]}
    assert "ManagedPolicyArns" not in role
    assert "Policies" not in role


def test_without_an_ably_identity_there_is_no_role_and_a_warning_says_so(dev: Stage) -> None:
    assert not [name for name in dev.service.of_type("AWS::IAM::Role") if "AblyAccess" in name]
    (metadata,) = dev.folder.glob("*-service.metadata.json")
    assert "ably_account_id and ably_app_id are not set" in metadata.read_text()


def test_a_queue_before_ingest_hands_over_batches_and_takes_back_what_failed(
    queued: Stage,
) -> None:
    mapping = queued.service.properties("AWS::Lambda::EventSourceMapping")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (100, 1)
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}
    queue = queued.stateful.properties("AWS::SQS::Queue", "Messages")
    timeout = queued.service.function("ingest")["Timeout"]
    assert queue["VisibilityTimeout"] == 6 * timeout
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 3
    (dead_letters,) = [
        name for name in queued.stateful.of_type("AWS::SQS::Queue") if "DeadLetters" in name
    ]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": [dead_letters, "Arn"]}


def test_ably_may_send_to_the_queue_and_then_not_invoke_the_function(queued: Stage) -> None:
    (policy,) = [
        made["Properties"]
        for name, made in queued.service.of_type("AWS::IAM::Policy").items()
        if "AblyAccess" in name
    ]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "sqs:SendMessage"
    assert "IngestQueuesMessages" in str(statement["Resource"])


def test_ingest_may_only_log_join_the_network_log_in_and_send(dev: Stage) -> None:
    assert _actions(dev.service, "ingest") == {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "rds-db:connect",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:SendMessage",
        *XRAY,
    }


def test_auth_may_only_log_and_read_the_key(dev: Stage) -> None:
    assert _actions(dev.service, "auth") == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        *XRAY,
    }


def _actions(template: Template, function: str) -> set[str]:
    statements = template.statements_of(template.function(function)["Role"])
    actions: set[str] = set()
    for statement in statements:
        listed = statement["Action"]
        actions |= {listed} if isinstance(listed, str) else set(listed)
    return actions
