"""The guard and the signature check, in front of a WSGI application."""

import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from ably_local.http_guard import NO_PAGES, RequestHead
from ably_local.http_guard.refusal_log import RefusalLog
from local.aws_access import RunCredentials
from local.aws_access.answers import Answer, refuse
from local.aws_access.errors import AccessError, RequestRefusedError
from local.aws_access.signature import ReceivedRequest, verify

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY_BYTES = 8 * 1024 * 1024  # SQS accepts 1 MiB per batch
_LENGTH = re.compile("[0-9]{1,9}")
_WITHOUT_PREFIX = ("CONTENT_TYPE", "CONTENT_LENGTH")


class SignedRequestsOnly:
    """Passes on requests signed with the credentials, on every path; refuses all others."""

    def __init__(self, application: "WSGIApplication", credentials: RunCredentials) -> None:
        self._application = application
        self._credentials = credentials
        self._refusals = RefusalLog()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        received = ReceivedRequest(
            method=environ["REQUEST_METHOD"],
            target=environ["REQUEST_URI"],
            headers=_headers(environ),
            body=b"",
        )
        try:
            _require_no_page(received)
            received = _with_body(received, environ)
            verify(received, self._credentials, now=datetime.now(UTC))
        except AccessError as error:
            self._refusals.note(str(error))
            return _send(refuse(received, error), start_response)
        return self._application(environ, start_response)


def _require_no_page(received: ReceivedRequest) -> None:
    head = RequestHead.read(received.method, received.target, received.values)
    refusal = NO_PAGES.refusal(head)
    if refusal is not None:
        raise RequestRefusedError(refusal.sentence, refusal.status)


def _with_body(received: ReceivedRequest, environ: "WSGIEnvironment") -> ReceivedRequest:
    """The request with its body, which the application can read again."""
    length = environ.get("CONTENT_LENGTH", "0") or "0"
    if not _LENGTH.fullmatch(length) or int(length) > MAX_BODY_BYTES:
        raise RequestRefusedError(f"Content-Length must be a number up to {MAX_BODY_BYTES}", 413)
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return ReceivedRequest(
        method=received.method, target=received.target, headers=received.headers, body=body
    )


def _headers(environ: "WSGIEnvironment") -> list[tuple[str, str]]:
    """The headers; the values of a repeated header are joined by commas."""
    names = ((key, key.removeprefix("HTTP_")) for key in environ)
    return [
        (name.replace("_", "-").lower(), environ[key])
        for key, name in names
        if key != name or name in _WITHOUT_PREFIX
    ]


def _send(answer: Answer, start_response: "StartResponse") -> Iterable[bytes]:
    status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    start_response(status, list(headers.items()))
    return [answer.body]
