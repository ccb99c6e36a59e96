"""The rule as a custom resource: one rule whatever is repeated, lost or refused on the way."""

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas.ably_rule.handler import make_handler
from lambdas.ably_rule.lifecycle import NO_RULE
from tests.fixtures.ably import LocalAbly
from tests.fixtures.aws import Aws, LambdaContext
from tests.fixtures.control_api import DROP, HEARD, Gate, Mailbox
from tests.fixtures.stack import STACK_ID, Stack

ROLE = "arn:aws:iam::123456789012:role/ably"
Send = Callable[..., dict[str, Any]]


@dataclass
class Context(LambdaContext):
    left_ms: int = 120_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


@pytest.fixture
def properties(local_ably: LocalAbly) -> dict[str, str]:
    return {
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:ably-rule",
        "AppId": local_ably.app_id,
        "ChannelFilter": "^outgoing-chat$",
        "Region": "eu-west-1",
        "FunctionName": "ingest",
        "RoleArn": ROLE,
    }


@pytest.fixture
def token_secret(aws: Aws, local_ably: LocalAbly) -> str:
    # As an editor leaves it, with a line end.
    return aws.create_secret("token", f"{local_ably.control_token}\n")


@pytest.fixture
def send(
    gate: Gate,
    mailbox: Mailbox,
    token_secret: str,
    properties: dict[str, str],
    _lambda_logger: None,
) -> Send:
    """Sends a request as CloudFormation does; gives the one answer to it."""
    handler = make_handler(
        {
            # As all functions in one process: its metrics have one stage.
            "STAGE": "test",
            "ABLY_CONTROL_TOKEN_SECRET_ARN": token_secret,
            "ABLY_CONTROL_API_URL": gate.url,
        },
        first_pause_seconds=0.001,
    )

    def run(
        kind: str,
        physical_id: str | None = None,
        *,
        old: dict[str, str] | None = None,
        left_ms: int = 120_000,
        **changed: str,
    ) -> dict[str, Any]:
        event: dict[str, Any] = {
            "RequestType": kind,
            "ResponseURL": mailbox.url,
            "StackId": STACK_ID,
            "RequestId": "request",
            "LogicalResourceId": "Rule",
            "ResourceProperties": {**properties, **changed},
        }
        if physical_id is not None:
            event["PhysicalResourceId"] = physical_id
        if kind == "Update":
            event["OldResourceProperties"] = old or properties
        before = len(mailbox.answers)
        handler(event, Context(left_ms=left_ms))  # type: ignore[arg-type]  # the part of AWS's class that is used
        (answer,) = mailbox.answers[before:]
        return answer

    return run


@pytest.fixture
def rules(local_ably: LocalAbly) -> Callable[[], list[dict[str, Any]]]:
    """The rules that the Control API lists."""

    def listed() -> list[dict[str, Any]]:
        request = urllib.request.Request(  # noqa: S310  # the local Ably
            f"{local_ably.control_api_url}/apps/{local_ably.app_id}/rules",
            headers={"authorization": f"Bearer {local_ably.control_token}"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return list(json.load(answer))

    return listed


Rules = Callable[[], list[dict[str, Any]]]


def test_a_rule_is_created_as_the_stack_asks(send: Send, rules: Rules, mailbox: Mailbox) -> None:
    answer = send("Create")
    (rule,) = rules()
    assert answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": rule["id"],
        "Reason": "",
        "StackId": STACK_ID,
        "RequestId": "request",
        "LogicalResourceId": "Rule",
    }
    assert (rule["ruleType"], rule["requestMode"], rule["status"]) == (
        "aws/lambda",
        "single",
        "enabled",
    )
    assert rule["source"] == {"channelFilter": "^outgoing-chat$", "type": "channel.message"}
    assert (rule["target"]["region"], rule["target"]["functionName"]) == ("eu-west-1", "ingest")
    assert rule["target"]["enveloped"] is True
    assert rule["target"]["authentication"] == {
        "authenticationMode": "assumeRole",
        "assumeRoleArn": ROLE,
    }
    # S3 checks the signature with the content type that CloudFormation signed.
    assert mailbox.content_types == [""]


def test_a_repeated_create_makes_no_second_rule(send: Send, rules: Rules) -> None:
    first, second = send("Create"), send("Create")
    assert first["PhysicalResourceId"] == second["PhysicalResourceId"]
    assert len(rules()) == 1


def test_a_rule_made_by_hand_is_taken_over(send: Send, rules: Rules) -> None:
    made = send("Create", RoleArn="arn:aws:iam::123456789012:role/by-hand")
    assert send("Create")["PhysicalResourceId"] == made["PhysicalResourceId"]
    (rule,) = rules()
    assert rule["target"]["authentication"]["assumeRoleArn"] == ROLE


@pytest.mark.parametrize(
    "other", [{"FunctionName": "other"}, {"Region": "us-east-1"}, {"ChannelFilter": "^other$"}]
)
def test_a_rule_for_something_else_is_left_alone(
    send: Send, rules: Rules, other: dict[str, str]
) -> None:
    send("Create", **other)
    before = rules()
    send("Create")
    assert len(rules()) == 2
    assert before[0] in rules()


def test_an_update_changes_the_rule_and_keeps_its_id(send: Send, rules: Rules) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    changed = send("Update", rule_id, ChannelFilter="^chat-2$", FunctionName="ingest-2")
    assert changed["PhysicalResourceId"] == rule_id
    (rule,) = rules()
    assert rule["source"]["channelFilter"] == "^chat-2$"
    assert rule["target"]["functionName"] == "ingest-2"


def test_an_update_of_a_rule_that_is_gone_makes_it_again(send: Send, rules: Rules) -> None:
    answer = send("Update", "gone12")
    (rule,) = rules()
    assert answer["PhysicalResourceId"] == rule["id"] != "gone12"
    # CloudFormation then deletes what had the old id.
    assert send("Delete", "gone12")["Status"] == "SUCCESS"
    assert len(rules()) == 1


def test_an_update_to_another_app_leaves_the_old_one_to_its_delete(
    send: Send, rules: Rules, properties: dict[str, str]
) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    answer = send("Update", rule_id, old={**properties, "AppId": "before"})
    assert answer["PhysicalResourceId"] == rule_id  # found in the new app, and not made twice
    assert send("Delete", "theold", AppId="before")["Status"] == "SUCCESS"
    assert len(rules()) == 1


def test_a_delete_leaves_nothing_and_may_be_repeated(send: Send, rules: Rules) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    for _ in range(2):
        assert send("Delete", rule_id)["Status"] == "SUCCESS"
        assert rules() == []


@pytest.mark.parametrize("fate", [503, 500, 429, DROP])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_passing_failure_is_waited_out(
    send: Send, rules: Rules, gate: Gate, method: str, fate: object
) -> None:
    gate.spoil[method] = [fate, fate]
    assert send("Create")["Status"] == "SUCCESS"
    assert len(rules()) == 1


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_creation_whose_answer_is_lost_is_looked_up_and_not_repeated(
    send: Send, rules: Rules, gate: Gate, times: int
) -> None:
    gate.spoil["POST"] = [HEARD] * times
    answer = send("Create")
    (rule,) = rules()
    assert answer["PhysicalResourceId"] == rule["id"]
    assert gate.seen.count("POST") == 1


def test_a_change_or_delete_whose_answer_is_lost_is_repeated(
    send: Send, rules: Rules, gate: Gate
) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    gate.spoil = {"PATCH": [HEARD], "DELETE": [HEARD]}
    assert send("Update", rule_id, ChannelFilter="^b$")["Status"] == "SUCCESS"
    assert send("Delete", rule_id)["Status"] == "SUCCESS"
    assert rules() == []


def test_a_create_that_never_heard_of_its_rule_is_rolled_back_without_a_trace(
    send: Send, rules: Rules, gate: Gate
) -> None:
    gate.spoil = {"POST": [HEARD], "GET": [None, *[503] * 30]}
    answer = send("Create")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", NO_RULE)
    assert len(rules()) == 1
    gate.spoil = {}
    assert send("Delete", NO_RULE)["Status"] == "SUCCESS"
    assert rules() == []


def test_rolling_back_a_failed_create_leaves_a_rule_of_others(send: Send, rules: Rules) -> None:
    send("Create", RoleArn="arn:aws:iam::123456789012:role/by-hand")
    assert send("Delete", NO_RULE)["Status"] == "SUCCESS"
    assert len(rules()) == 1


def test_a_control_api_that_is_down_fails_the_deploy_in_time_and_says_so(
    send: Send, gate: Gate
) -> None:
    gate.spoil["GET"] = [503] * 100
    answer = send("Create")
    assert answer["Status"] == "FAILED"
    assert f"{gate.url} is not available (status 503)" in answer["Reason"]
    assert "deploy again" in answer["Reason"]
    assert gate.seen == ["GET"] * 5
    gate.seen.clear()
    # With no time left for pauses there is one attempt, and an answer.
    assert send("Create", left_ms=20_000)["Status"] == "FAILED"
    assert gate.seen == ["GET"]


def test_a_delete_that_cannot_be_done_fails_and_can_be_tried_again(
    send: Send, gate: Gate, rules: Rules
) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    gate.spoil["DELETE"] = [503] * 100
    assert send("Delete", rule_id)["Status"] == "FAILED"
    gate.spoil.clear()
    assert send("Delete", rule_id)["Status"] == "SUCCESS"
    assert rules() == []


def test_a_rollback_puts_the_rule_back(send: Send, rules: Rules, stack: Stack) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    send("Update", rule_id, ChannelFilter="^b$")
    stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert send("Update", rule_id)["PhysicalResourceId"] == rule_id
    (rule,) = rules()
    assert rule["source"]["channelFilter"] == "^outgoing-chat$"


REFUSALS = {
    "Ably refused the access token": 401,
    "422: no RE2": (422, '{"message": "no RE2"}'),
    "is not available (status 503)": 503,
    "is not available": DROP,
}


@pytest.mark.parametrize("said", REFUSALS)
def test_ably_cannot_stop_a_rollback(
    send: Send, gate: Gate, stack: Stack, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    gate.spoil["PATCH"] = [REFUSALS[said]] * 5
    stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    answer = send("Update", rule_id, ChannelFilter="^b$")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", rule_id)
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert said in vars(line)["problem"]


# Empty: the function may not see it.
@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", ""])
@pytest.mark.parametrize("said", REFUSALS)
def test_ably_fails_any_other_update(
    send: Send, gate: Gate, stack: Stack, said: str, status: str
) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    gate.spoil["PATCH"] = [REFUSALS[said]] * 5
    stack.status = status
    answer = send("Update", rule_id, ChannelFilter="^b$")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", rule_id)
    assert said in answer["Reason"]


def test_without_a_token_a_rollback_goes_on_and_says_so(
    send: Send,
    aws: Aws,
    token_secret: str,
    stack: Stack,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    aws.secrets.delete_secret(SecretId=token_secret, ForceDeleteWithoutRecovery=True)
    stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert send("Update", rule_id)["Status"] == "SUCCESS"
    assert "resource change failed, rollback continues" in caplog.text


@pytest.mark.parametrize("status", ["ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_a_rule_that_cannot_be_deleted_is_not_forgotten(
    send: Send, gate: Gate, stack: Stack, status: str
) -> None:
    rule_id = send("Create")["PhysicalResourceId"]
    gate.spoil["DELETE"] = [503] * 5
    stack.status = status
    assert send("Delete", rule_id)["Status"] == "FAILED"


def test_a_wrong_app_is_named(send: Send) -> None:
    reason = send("Create", AppId="nosuch")["Reason"]
    assert "no app 'nosuch'" in reason
    assert "ably_app_id" in reason


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        (401, "capabilities read:rule and write:rule"),
        ((403, '{"message": "forbidden"}'), "403: forbidden"),
        ((422, '{"message": "channelFilter is no RE2"}'), "422: channelFilter is no RE2"),
        ((200, "<html>"), "is not Ably's Control API"),
        ((200, '{"a": 1}'), "is not Ably's Control API"),
        ((302, "http://127.0.0.1:1/elsewhere"), "is not Ably's Control API"),
    ],
)
def test_a_refusal_is_not_repeated_and_says_what_to_do(
    send: Send, gate: Gate, fate: object, said: str
) -> None:
    gate.spoil["GET"] = [fate]
    answer = send("Create")
    assert answer["Status"] == "FAILED"
    assert said in answer["Reason"]
    assert gate.seen == ["GET"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "cannot be read"),
        ("two words", "does not contain an access token"),
        ("a\nb", "one line"),
    ],
)
def test_a_missing_or_unusable_token_is_said_and_still_rolls_back(
    send: Send, aws: Aws, token_secret: str, value: str | None, said: str
) -> None:
    if value is None:
        aws.secrets.delete_secret(SecretId=token_secret, ForceDeleteWithoutRecovery=True)
    else:
        aws.secrets.put_secret_value(SecretId=token_secret, SecretString=value)
    reason = send("Create")["Reason"]
    assert said in reason
    assert token_secret in reason
    assert send("Delete", NO_RULE)["Status"] == "SUCCESS"


def test_missing_properties_are_named_and_still_roll_back(send: Send) -> None:
    reason = send("Create", AppId="", RoleArn="")["Reason"]
    assert "AppId, RoleArn" in reason
    assert send("Delete", NO_RULE, AppId="", RoleArn="")["Status"] == "SUCCESS"


def test_the_answer_is_sent_again_when_it_is_not_taken(send: Send, mailbox: Mailbox) -> None:
    mailbox.failures = 2
    assert send("Create")["Status"] == "SUCCESS"


def test_neither_the_token_nor_the_signed_url_is_logged_or_answered(
    send: Send,
    gate: Gate,
    local_ably: LocalAbly,
    mailbox: Mailbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = local_ably.control_token
    gate.spoil["GET"] = [(422, json.dumps({"message": f"bad token {token}"}))]
    send("Create")
    rule_id = send("Create")["PhysicalResourceId"]
    send("Delete", rule_id)
    told = (*mailbox.answers, caplog.text, *map(vars, caplog.records))
    assert len(told) >= 6
    for text in map(str, told):
        assert token not in text
        assert "hush" not in text


def test_an_sqs_rule_is_asked_for_in_the_form_of_its_type(send: Send, gate: Gate) -> None:
    gate.spoil = {"GET": [(200, "[]")], "POST": [(201, '{"id": "q"}')]}
    answer = send("Create", RuleType="aws/sqs", QueueName="ingest", AwsAccountId="123456789012")
    assert answer["PhysicalResourceId"] == "q"
    assert "RuleType must be one of" in send("Create", RuleType="http")["Reason"]
