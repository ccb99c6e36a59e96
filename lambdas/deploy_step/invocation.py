"""Runs one function to its end, and reports its failure."""

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.backoff import Backoff
from lambdas.deploy_step.errors import StepFailedError, StepUnavailableError

# Transient, and nothing has run: the permission to invoke is new; the function is being set up, or
# was idle for weeks; Lambda is busy.
_PASSING = {
    "AccessDeniedException",
    "ResourceConflictException",
    "ResourceNotReadyException",
    "TooManyRequestsException",
    "EC2ThrottledException",
    "ServiceException",
}


def invoke(function_arn: str, *, backoff: Backoff) -> None:
    """Run a function without an event, and wait for its end.

    Raises:
        StepFailedError: the function failed.
        StepUnavailableError: the function could not run, or did not end in time.
    """
    failure: ClientError | None = None
    for _ in backoff.tries():
        try:
            answer = _client(backoff.left_seconds()).invoke(
                FunctionName=function_arn, Payload=b"{}"
            )
        except ClientError as exc:
            failure = exc
            if exc.response["Error"]["Code"] not in _PASSING:
                break
        except BotoCoreError as exc:
            raise StepUnavailableError(
                f"the function {function_arn} did not answer ({type(exc).__name__}): check its "
                "log, then deploy again"
            ) from exc
        else:
            _check(function_arn, answer)
            return
    if failure is None:
        raise AssertionError("there is at least one attempt")
    error = failure.response["Error"]
    raise StepUnavailableError(
        f"the function {function_arn} could not run ({error['Code']}: {error['Message']}): check "
        "its state in Lambda, then deploy again"
    ) from failure


def _client(left_seconds: float) -> Any:
    config = Config(
        connect_timeout=5,
        read_timeout=max(left_seconds, 1),
        tcp_keepalive=True,
        # A second invocation would only wait for the first, which still runs.
        retries={"total_max_attempts": 1},
    )
    return boto3.client("lambda", config=config)


def _check(function_arn: str, answer: dict[str, Any]) -> None:
    if "FunctionError" not in answer:
        return
    text = answer["Payload"].read()
    try:
        said = json.loads(text)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        said = ""
    raise StepFailedError(str(said) or f"the function {function_arn} failed; see its log")
