"""A step of a deploy: the function it runs, what it says of a failure, how it is rolled back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas.deploy_step.handler import STEP, make_handler
from tests.fixtures.aws import LambdaContext
from tests.fixtures.control_api import Mailbox
from tests.fixtures.stack import CUT, STACK_ID, Stack

HANDLER = "arn:aws:lambda:eu-west-1:123456789012:function:migrate:7"
SENTENCE = "the Ably API key cannot be used: put it into its secret, and deploy again"
Send = Callable[..., dict[str, Any]]


@dataclass
class Context(LambdaContext):
    left_ms: int = 600_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


@pytest.fixture
def send(mailbox: Mailbox, stack: Stack, _lambda_logger: None) -> Send:  # noqa: ARG001  # answers
    """Sends a request as CloudFormation does; gives the one answer to it."""
    handler = make_handler({"STAGE": "test"}, first_pause_seconds=0.001)

    def run(kind: str, *, handler_arn: str = HANDLER, left_ms: int = 600_000) -> dict[str, Any]:
        event = {
            "RequestType": kind,
            "ResponseURL": mailbox.url,
            "StackId": STACK_ID,
            "RequestId": "request",
            "LogicalResourceId": "MigrateStep",
            "ResourceProperties": {"HandlerArn": handler_arn},
            **({} if kind == "Create" else {"PhysicalResourceId": STEP}),
        }
        before = len(mailbox.answers)
        handler(event, Context(left_ms=left_ms))  # type: ignore[arg-type]  # the part of AWS's class that is used
        (answer,) = mailbox.answers[before:]
        return answer

    return run


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_the_function_is_run_in_the_version_that_the_resource_names(
    send: Send, stack: Stack, kind: str
) -> None:
    assert send(kind) == {
        "Status": "SUCCESS",
        "PhysicalResourceId": STEP,
        "Reason": "",
        "StackId": STACK_ID,
        "RequestId": "request",
        "LogicalResourceId": "MigrateStep",
    }
    assert stack.invoked == [HANDLER]


def test_nothing_is_run_at_a_delete(send: Send, stack: Stack) -> None:
    assert send("Delete")["Status"] == "SUCCESS"
    assert stack.invoked == []


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_function_that_fails_fails_the_deploy_with_its_own_sentence(
    send: Send, stack: Stack, kind: str
) -> None:
    stack.outcomes = [{"errorMessage": SENTENCE, "errorType": "ApiKeyError"}]
    answer = send(kind)
    assert (answer["Status"], answer["Reason"]) == ("FAILED", SENTENCE)
    assert len(stack.invoked) == 1


def test_a_failure_without_a_sentence_names_the_function(send: Send, stack: Stack) -> None:
    stack.outcomes = [{"errorType": "Runtime.ExitError"}]
    assert send("Create")["Reason"] == f"the function {HANDLER} failed; see its log"


@pytest.mark.parametrize(
    "code",
    [
        "AccessDeniedException",  # the right is new
        "ResourceConflictException",  # the function is being set up, or was idle for weeks
        "TooManyRequestsException",
    ],
)
def test_a_passing_refusal_of_lambda_is_waited_out(send: Send, stack: Stack, code: str) -> None:
    stack.outcomes = [code, code, code]
    assert send("Create")["Status"] == "SUCCESS"
    assert len(stack.invoked) == 4


def test_a_refusal_that_lasts_fails_the_deploy_in_time(send: Send, stack: Stack) -> None:
    stack.outcomes = ["AccessDeniedException"] * 100
    answer = send("Create")
    assert answer["Status"] == "FAILED"
    assert "could not run (AccessDeniedException: not now)" in answer["Reason"]
    assert len(stack.invoked) == 8
    stack.invoked.clear()
    assert send("Create", left_ms=20_000)["Status"] == "FAILED"
    assert len(stack.invoked) == 1


def test_a_function_that_is_not_there_is_asked_for_once(send: Send, stack: Stack) -> None:
    stack.outcomes = ["ResourceNotFoundException"]
    assert send("Create")["Status"] == "FAILED"
    assert stack.invoked == [HANDLER]


def test_a_function_that_does_not_answer_is_not_run_twice(send: Send, stack: Stack) -> None:
    stack.outcomes = [CUT]
    answer = send("Create")
    assert answer["Status"] == "FAILED"
    assert f"{HANDLER} did not answer" in answer["Reason"]
    assert stack.invoked == [HANDLER]


@pytest.mark.parametrize(
    "outcome", [{"errorMessage": SENTENCE}, "ResourceNotFoundException", "AccessDeniedException"]
)
def test_a_rollback_runs_the_release_before_and_goes_on_whatever_comes_of_it(
    send: Send, stack: Stack, outcome: Any, caplog: pytest.LogCaptureFixture
) -> None:
    before = HANDLER.replace(":7", ":6")
    stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
    stack.outcomes = [outcome] * 8
    answer = send("Update", handler_arn=before)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", STEP)
    assert set(stack.invoked) == {before}
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "rollback continues" in line.message
    assert vars(line)["problem"]


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS", ""])
def test_only_a_rollback_goes_on_after_a_failure(send: Send, stack: Stack, status: str) -> None:
    stack.status = status
    stack.outcomes = [{"errorMessage": SENTENCE}]
    assert send("Update")["Status"] == "FAILED"


def test_a_step_without_a_function_says_what_is_missing(send: Send) -> None:
    assert "no HandlerArn" in send("Create", handler_arn="")["Reason"]
    assert send("Delete", handler_arn="")["Status"] == "SUCCESS"
