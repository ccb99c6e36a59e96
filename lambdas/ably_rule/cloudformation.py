"""CloudFormation's side of a custom resource: what it asks, and the one answer it waits for."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.ably_rule.backoff import Backoff

RESPONSE_SECONDS = 10.0
# CloudFormation takes 4,096 bytes in all; the sentences here are far shorter.
_REASON_CHARACTERS = 1000


@dataclass(frozen=True, kw_only=True)
class ChangeRequest:
    """One request of CloudFormation's.

    Attributes:
        kind: Create, Update or Delete.
        physical_id: empty at a Create.
        response_url: where the answer goes; whoever has it may answer, so it is not logged.
        old_properties: what an Update changes from.
    """

    kind: str
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
            physical_id=str(event.get("PhysicalResourceId") or ""),
            properties=event.get("ResourceProperties") or {},
            old_properties=event.get("OldResourceProperties") or {},
            response_url=str(event["ResponseURL"]),
            reference={name: str(event[name]) for name in names},
        )


def answer(
    request: ChangeRequest, *, physical_id: str, problem: str | None, backoff: Backoff
) -> None:
    """Tell CloudFormation that the request is done, or why it is not.

    Raises:
        OSError: it could not be told; Lambda then runs the request again.
    """
    body = {
        **request.reference,
        "Status": "FAILED" if problem else "SUCCESS",
        "PhysicalResourceId": physical_id,
        "Reason": (problem or "")[:_REASON_CHARACTERS],
        "Data": {"RuleId": physical_id},
    }
    failure: OSError | None = None
    for _ in backoff.tries():
        try:
            _put(request.response_url, json.dumps(body).encode())
        except OSError as exc:
            failure = exc
        else:
            return
    # Its own text alone: the URL that the cause may quote lets anybody answer.
    raise OSError(f"unable to answer CloudFormation; {type(failure).__name__}") from None


def _put(url: str, body: bytes) -> None:
    # The URL is signed for an empty content type.
    put = urllib.request.Request(url, method="PUT", data=body, headers={"content-type": ""})  # noqa: S310  # CloudFormation's own URL
    try:
        with urllib.request.urlopen(put, timeout=RESPONSE_SECONDS):  # noqa: S310  # as above
            pass
    except urllib.error.HTTPError as exc:
        exc.close()
        raise
