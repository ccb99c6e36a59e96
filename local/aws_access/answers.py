"""Errors in the format of the request's protocol, so that SDKs can read them."""

import json
import uuid
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from local.aws_access.errors import AccessError
from local.aws_access.signature import ReceivedRequest

JSON_TYPE = "application/json"
JSON_TYPES = ("application/x-amz-json-1.0", "application/x-amz-json-1.1")
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def refuse(request: ReceivedRequest, error: AccessError) -> Answer:
    """The response to a refused request in a JSON protocol, the query protocol or REST."""
    target = "".join(request.values("x-amz-target"))
    if target:
        return _json_answer(error, target, request)
    if any(value.startswith(FORM_TYPE) for value in request.values("content-type")):
        return _query_answer(error)
    return rest_answer(error)


def rest_answer(error: AccessError) -> Answer:
    """The error of a REST API such as Lambda's."""
    body = json.dumps({"Type": "User", "message": str(error), "Message": str(error)})
    headers = {"Content-Type": JSON_TYPE, "x-amzn-ErrorType": error.json_code}
    return Answer(status=error.status, headers=headers, body=body.encode())


def _json_answer(error: AccessError, target: str, request: ReceivedRequest) -> Answer:
    requested = "".join(request.values("content-type"))
    content_type = requested if requested in JSON_TYPES else JSON_TYPES[0]
    headers = {"Content-Type": content_type, "x-amzn-RequestId": str(uuid.uuid4())}
    if target.startswith("AmazonSQS."):
        # SQS used the query protocol before, and clients still expect its error codes.
        headers["x-amzn-query-error"] = f"{error.query_code};Sender"
    body = json.dumps({"__type": error.json_code, "message": str(error)})
    return Answer(status=error.status, headers=headers, body=body.encode())


def _query_answer(error: AccessError) -> Answer:
    body = (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{error.query_code}</Code><Message>{escape(str(error))}</Message></Error>"
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return Answer(status=error.status, headers={"Content-Type": "text/xml"}, body=body.encode())
