"""HTTP requests as API Gateway HTTP API events (payload version 2.0), and results as responses."""

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from local.lambda_service.function import ACCOUNT_ID

API_ID = "local"
TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


@dataclass(frozen=True)
class HttpResult:
    """A function's result as an HTTP response.

    Attributes:
        headers: in order; a name may occur more than once.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


async def request_event(request: web.Request) -> dict[str, Any]:
    """The event that API Gateway would make from a request."""
    body = await request.read()
    raw_path, _, raw_query = request.raw_path.partition("?")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{request.method} {request.path}",
        "rawPath": unquote(raw_path),
        "rawQueryString": raw_query,
        "headers": _headers(request),
        "requestContext": _context(request),
        "isBase64Encoded": False,
    }
    if cookies := _cookies(request):
        event["cookies"] = cookies
    if query := _query(raw_query):
        event["queryStringParameters"] = query
    if body:
        event["body"], event["isBase64Encoded"] = _body(request.content_type, body)
    return event


def http_result(payload: bytes) -> HttpResult:
    """The response that API Gateway would make from a function's result.

    A result without `statusCode` becomes the body of a response with status 200.
    """
    result = json.loads(payload)
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result if isinstance(result, str) else payload.decode()
        return HttpResult(200, [("content-type", "application/json")], body.encode())
    try:
        return _explicit_result(result)
    except (TypeError, ValueError, AttributeError):
        return HttpResult(
            500, [("content-type", "application/json")], b'{"message":"Internal Server Error"}'
        )


def _explicit_result(result: dict[str, Any]) -> HttpResult:
    headers = {str(k).lower(): _text(v) for k, v in (result.get("headers") or {}).items()}
    headers.setdefault("content-type", "text/plain;charset=UTF-8")
    cookies = [("set-cookie", str(cookie)) for cookie in result.get("cookies") or []]
    text = str(result.get("body") or "")
    body = base64.b64decode(text) if result.get("isBase64Encoded") else text.encode()
    return HttpResult(int(result["statusCode"]), [*headers.items(), *cookies], body)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _headers(request: web.Request) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        if key != "cookie":
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    return headers


def _cookies(request: web.Request) -> list[str]:
    lines = request.headers.getall("cookie", [])
    return [cookie.strip() for line in lines for cookie in line.split(";") if cookie.strip()]


def _query(raw: str) -> dict[str, str]:
    query: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    return query


def _body(content_type: str, body: bytes) -> tuple[str, bool]:
    if content_type.startswith(TEXT_TYPES):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _context(request: web.Request) -> dict[str, Any]:
    now = time.time()
    host = request.host.partition(":")[0]
    return {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "http": {
            "method": request.method,
            "path": unquote(request.raw_path.partition("?")[0]),
            "protocol": f"HTTP/{request.version.major}.{request.version.minor}",
            "sourceIp": request.remote or "127.0.0.1",
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": str(uuid.uuid4()),
        "routeKey": f"{request.method} {request.path}",
        "stage": "$default",
        "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now * 1000),
    }
