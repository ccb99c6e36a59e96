"""Access control of the Invoke API: no web pages, and only signed requests."""

from datetime import UTC, datetime

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ably_local.http_guard import Refusal
from local.aws_access import RunCredentials
from local.aws_access.answers import Answer, rest_answer
from local.aws_access.errors import AccessError, RequestRefusedError
from local.aws_access.signature import ReceivedRequest, verify
from local.lambda_service.errors import PayloadTooLargeError

SERVICE = "lambda"


def signed_requests_only(credentials: RunCredentials, *, max_body_bytes: int) -> Middleware:
    """Pass on requests that are signed with the credentials; refuse all others, on every path.

    A body that exceeds the application's limit raises PayloadTooLargeError.
    """

    @web.middleware
    async def verify_or_refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        received = ReceivedRequest(
            method=request.method,
            target=request.raw_path,
            headers=list(request.headers.items()),
            body=await _body(request, max_body_bytes),
        )
        try:
            verify(received, credentials, now=datetime.now(UTC), service=SERVICE)
        except AccessError as error:
            return _send(rest_answer(error))
        return await handler(request)

    return verify_or_refuse


async def _body(request: web.Request, max_bytes: int) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise PayloadTooLargeError(
            f"Request must be smaller than {max_bytes} bytes for the InvokeFunction operation"
        ) from error


def refuse_sender(refusal: Refusal) -> web.Response:
    """The response to a request that the guard refuses."""
    return _send(rest_answer(RequestRefusedError(refusal.sentence, refusal.status)))


def _send(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
