"""CloudFormation's requests to a custom resource, and the response that it waits for."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.backoff import Backoff
from lambdas.common.observability import logger

RESPONSE_SECONDS = 10.0
STATUS_SECONDS = 15.0  # for the stack's status, all attempts
# CloudFormation accepts a response of 4,096 bytes; the messages here are far shorter.
_REASON_CHARACTERS = 1000


@dataclass(frozen=True, kw_only=True)
class ChangeRequest:
    """One request of CloudFormation.

    Attributes:
        kind: Create, Update or Delete.
        stack_id: the stack's ARN.
        physical_id: empty at a Create.
        response_url: where to send the response; anyone who knows it can respond, so it is not
            logged.
        old_properties: the properties before an Update.
    """

    kind: str
    stack_id: str
    physical_id: str
    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any]
    response_url: str = field(repr=False)
    reference: Mapping[str, str]

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "ChangeRequest":
        """Read the event."""
        names = ("StackId", "RequestId", "LogicalResourceId")
        return cls(
            kind=str(event["RequestType"]),
            stack_id=str(event["StackId"]),
            physical_id=str(event.get("PhysicalResourceId") or ""),
            properties=event.get("ResourceProperties") or {},
            old_properties=event.get("OldResourceProperties") or {},
            response_url=str(event["ResponseURL"]),
            reference={name: str(event[name]) for name in names},
        )


def is_rolling_back(stack_id: str) -> bool:
    """Whether CloudFormation is undoing a failed update of the stack.

    CloudFormation then sends each custom resource that the update has changed, or has failed to
    change, an Update with the previous properties. Only the stack's status shows this, the request
    does not (https://github.com/aws-cloudformation/custom-resource-helper/issues/71).
    If the status cannot be read, the result is False: a deploy must not succeed by mistake.
    """
    config = Config(
        connect_timeout=2,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    client: Any = boto3.client("cloudformation", config=config)
    try:
        (stack,) = client.describe_stacks(StackName=stack_id)["Stacks"]
    except (BotoCoreError, ClientError) as exc:
        code = exc.response["Error"]["Code"] if isinstance(exc, ClientError) else type(exc).__name__
        logger().warning(
            "stack status unreadable, assuming a deploy",
            extra={"action": "read_stack_status", "error_code": code},
        )
        return False
    return bool(stack["StackStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS")


def answer(
    request: ChangeRequest, *, physical_id: str, problem: str | None, backoff: Backoff
) -> None:
    """Report to CloudFormation that the request is done, or why it is not.

    Raises:
        OSError: the report could not be sent; Lambda then runs the request again.
    """
    body = {
        **request.reference,
        "Status": "FAILED" if problem else "SUCCESS",
        "PhysicalResourceId": physical_id,
        "Reason": (problem or "")[:_REASON_CHARACTERS],
    }
    failure: OSError | None = None
    for _ in backoff.tries():
        try:
            _put(request.response_url, json.dumps(body).encode())
        except OSError as exc:
            failure = exc
        else:
            return
    # Without the cause's text, which may quote the URL: anyone who knows it can respond.
    raise OSError(f"unable to respond to CloudFormation; {type(failure).__name__}") from None


def _put(url: str, body: bytes) -> None:
    # The URL is signed for an empty content type.
    put = urllib.request.Request(url, method="PUT", data=body, headers={"content-type": ""})  # noqa: S310  # CloudFormation's own URL
    try:
        with urllib.request.urlopen(put, timeout=RESPONSE_SECONDS):  # noqa: S310  # as above
            pass
    except urllib.error.HTTPError as exc:
        exc.close()
        raise
