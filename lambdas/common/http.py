"""API Gateway HTTP API, payload format 2.0: requests, JSON responses, CORS, errors to statuses."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from lambdas.common.errors import FunctionError
from lambdas.common.observability import count, logger

# Deliberately without 403: after a 403 from an authUrl, ably-js stops permanently.
_UNAVAILABLE = 503
_INTERNAL = 500


class RequestError(FunctionError):
    """The request is wrong, and its sender can fix it; the message is for the sender."""

    code = "bad_request"
    status: ClassVar[int] = 400


class MethodNotAllowedError(RequestError):
    """The path does not support this method."""

    code = "method_not_allowed"
    status = 405


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request; header names are lower case.

    Attributes:
        claims: of the JWT that API Gateway's authorizer has verified; empty without one.
    """

    method: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """Read an event of payload format 2.0; absent parts become empty."""
        context = event.get("requestContext") or {}
        headers = event.get("headers") or {}
        pairs = (str(cookie).partition("=") for cookie in event.get("cookies") or [])
        authorizer = context.get("authorizer") or {}
        return cls(
            method=str((context.get("http") or {}).get("method") or "").upper(),
            query=event.get("queryStringParameters") or {},
            headers={name.lower(): value for name, value in headers.items()},
            cookies={name.strip(): value.strip() for name, _, value in pairs},
            claims=(authorizer.get("jwt") or {}).get("claims") or {},
        )


@dataclass(frozen=True, kw_only=True)
class Response:
    """One HTTP response; `body` is sent as JSON, None as no body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = field(default=(), repr=False)

    def to_event(self, extra_headers: Mapping[str, str]) -> dict[str, Any]:
        """The function's result in payload format 2.0."""
        answer: dict[str, Any] = {
            "statusCode": self.status,
            "headers": {**extra_headers, **self.headers},
        }
        if self.body is not None:
            answer["headers"]["content-type"] = "application/json"
            answer["body"] = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))
        if self.cookies:
            answer["cookies"] = list(self.cookies)
        return answer


@dataclass(frozen=True)
class Cors:
    """The origins whose pages may read responses; `{"*"}` is any origin, without credentials."""

    origins: frozenset[str]

    def headers(self, origin: str | None) -> dict[str, str]:
        """The CORS headers of a response to a page of this origin."""
        if not self.origins:
            return {}
        if "*" in self.origins:
            return {"access-control-allow-origin": "*"}
        # A cache must not serve one origin's response to another, nor a response without CORS.
        headers = {"vary": "Origin"}
        if origin in self.origins:
            headers["access-control-allow-origin"] = str(origin)
            headers["access-control-allow-credentials"] = "true"
        return headers

    def preflight(self, origin: str | None) -> Response:
        """The response to OPTIONS."""
        headers = self.headers(origin)
        if "access-control-allow-origin" in headers:
            headers |= {
                "access-control-allow-methods": "GET",
                "access-control-allow-headers": "authorization, content-type",
                "access-control-max-age": "600",
            }
        return Response(status=204, headers=headers)


def respond(
    event: Mapping[str, Any], cors: Cors, handle: Callable[[Request], Response]
) -> dict[str, Any]:
    """Answer a GET with `handle` and OPTIONS with CORS; every failure becomes a JSON error."""
    request = Request.from_event(event)
    origin = request.headers.get("origin")
    if request.method == "OPTIONS":
        return cors.preflight(origin).to_event({})
    try:
        _require_get(request)
        response = handle(request)
    except Exception as exc:  # noqa: BLE001  # the top: whatever it is, the client gets an answer
        response = error_response(exc)
    return response.to_event(cors.headers(origin))


def _require_get(request: Request) -> None:
    if request.method != "GET":
        raise MethodNotAllowedError("only GET is served here")


def error_response(exc: Exception) -> Response:
    """The response for an exception; our own failures are logged and reveal no detail."""
    if isinstance(exc, RequestError):
        headers = {"allow": "GET, OPTIONS"} if isinstance(exc, MethodNotAllowedError) else {}
        return _error(exc.status, exc.code, str(exc), headers)
    code = exc.code if isinstance(exc, FunctionError) else type(exc).__name__
    logger().error(
        "request failed",
        # The traceback of a known failure would contain the library's text, which may quote a row.
        exc_info=None if isinstance(exc, FunctionError) else exc,
        extra={"action": "respond", "error_code": code},
    )
    count("RequestsFailed")
    if isinstance(exc, FunctionError) and exc.retryable:
        return _error(_UNAVAILABLE, exc.code, "temporarily unavailable; try again", {})
    return _error(_INTERNAL, FunctionError.code, "internal error", {})


def _error(status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
    return Response(
        status=status,
        body={"error": {"code": code, "message": message}},
        headers={"cache-control": "no-store", **headers},
    )
