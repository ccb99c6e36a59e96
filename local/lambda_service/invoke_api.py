"""AWS's Invoke API over HTTP, as used by boto3's Lambda client and Ably rules."""

import base64
import re
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from ably_local.http_guard import NO_PAGES
from ably_local.http_guard.middleware import access_guard
from local.aws_access import RunCredentials
from local.lambda_service.callers import refuse_sender, signed_requests_only
from local.lambda_service.errors import (
    FunctionNotFoundError,
    InvalidParameterError,
    InvokeError,
)
from local.lambda_service.invocation import Invocation, Outcome, new_trace_id

MAX_SYNC_BYTES = 6 * 1024 * 1024

# A name, `account:function:name`, or a full ARN; each may have a qualifier.
_FUNCTION_NAME = re.compile(
    r"(?:(?:arn:aws:lambda:[a-z0-9-]+:)?\d{12}:function:)?(?P<name>[\w-]+)(?::(?P<qualifier>[\w$-]+))?"
)


class Functions(Protocol):
    """The service that the API calls."""

    async def invoke(self, name: str, invocation: Invocation) -> Outcome:
        """Run a function and wait for its outcome."""

    def invoke_event(self, name: str, invocation: Invocation) -> None:
        """Run a function in the background."""

    def require(self, name: str) -> None:
        """Raise if there is no such function."""


def invoke_api(functions: Functions, credentials: RunCredentials) -> web.Application:
    """The API as a web application; it accepts requests signed with the credentials."""

    async def invoke(request: web.Request) -> web.Response:
        return await _invoke(functions, request)

    # One byte above the limit, so that the service's own check produces the error.
    app = web.Application(
        client_max_size=MAX_SYNC_BYTES + 1,
        middlewares=[
            access_guard(lambda _request: NO_PAGES, refuse_sender),
            _answer_errors,
            signed_requests_only(credentials, max_body_bytes=MAX_SYNC_BYTES),
        ],
    )
    app.router.add_post("/2015-03-31/functions/{name}/invocations", invoke)
    return app


async def _invoke(functions: Functions, request: web.Request) -> web.Response:
    name = _function_name(request)
    functions.require(name)
    kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind == "DryRun":
        return web.Response(status=204)
    invocation = Invocation(
        payload=await request.read() or b"{}",
        trace_id=request.headers.get("X-Amzn-Trace-Id") or new_trace_id(),
        client_context=_client_context(request),
    )
    headers = {"x-amzn-RequestId": invocation.request_id}
    if kind == "Event":
        functions.invoke_event(name, invocation)
        return web.Response(status=202, headers=headers)
    if kind != "RequestResponse":
        raise InvalidParameterError(f"unknown invocation type {kind!r}")
    outcome = await functions.invoke(name, invocation)
    headers["X-Amz-Executed-Version"] = "$LATEST"
    if outcome.failed:
        headers["X-Amz-Function-Error"] = "Unhandled"
    return web.Response(body=outcome.payload, content_type="application/json", headers=headers)


def _function_name(request: web.Request) -> str:
    match = _FUNCTION_NAME.fullmatch(request.match_info["name"])
    if match is None:
        raise InvalidParameterError(f"invalid function name: {request.match_info['name']!r}")
    qualifier = match["qualifier"] or request.query.get("Qualifier", "$LATEST")
    if qualifier != "$LATEST":
        raise FunctionNotFoundError(f"Function not found: {match['name']}:{qualifier}")
    return match["name"]


def _client_context(request: web.Request) -> str | None:
    encoded = request.headers.get("X-Amz-Client-Context")
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except ValueError as error:
        raise InvalidParameterError("the client context is not base64 of UTF-8") from error


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except InvokeError as error:
        return web.json_response(
            {"Type": "User", "message": str(error), "Message": str(error)},
            status=error.status,
            headers={"x-amzn-ErrorType": error.error_type},
        )
