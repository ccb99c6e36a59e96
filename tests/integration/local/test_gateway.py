"""The gateway: HTTP requests as API Gateway passes them to a function, and the page's files."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local.gateway import Gateway
from local.gateway.settings import AblyAddress, PageSettings
from local.lambda_service.errors import TooManyInvocationsError
from local.lambda_service.invocation import Invocation, Outcome

Serve = Callable[..., AbstractAsyncContextManager[aiohttp.ClientSession]]
PLACE = AblyAddress(endpoint="localhost", port=4567)


@pytest.fixture
def page_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Chat</title>")
    (folder / "assets" / "index-B0rkd.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not for the page")
    return folder


@pytest.fixture
def serve(page_folder: Path) -> Serve:
    """Serve `/auth` and `/messages` with a function, or with a fixed answer."""

    @asynccontextmanager
    async def run(
        answer: Any = None, *, ably: AblyAddress | None = PLACE
    ) -> AsyncIterator[aiohttp.ClientSession]:
        async def invoke(name: str, invocation: Invocation) -> Outcome:
            if isinstance(answer, Exception):
                raise answer
            if isinstance(answer, Outcome):
                return answer
            event = json.loads(invocation.payload)
            result = answer(name, event) if callable(answer) else answer
            return Outcome(json.dumps(result).encode())

        gateway = Gateway(
            port=0,
            page_folder=page_folder,
            routes={"/auth": "auth", "/messages": "history"},
            invoke=invoke,
        )
        await gateway.start(PageSettings(ably=ably))
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{gateway.port}") as session:
                yield session
        finally:
            await gateway.stop()

    return run


def echo(name: str, event: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": 200, "body": json.dumps({"function": name, "event": event})}


async def test_a_request_becomes_the_event_of_payload_version_two(serve: Serve) -> None:
    headers = [("X-Two", "1"), ("X-Two", "2"), ("Cookie", "a=1; b=2"), ("User-Agent", "tester")]
    async with (
        serve(echo) as session,
        session.get("/messages?limit=5&tag=x&tag=y%20z&empty=", headers=headers) as response,
    ):
        answer = json.loads(await response.text())
    assert answer["function"] == "history"
    event = answer["event"]
    assert event["version"] == "2.0"
    assert event["routeKey"] == "GET /messages"
    assert event["rawPath"] == "/messages"
    assert event["rawQueryString"] == "limit=5&tag=x&tag=y%20z&empty="
    assert event["queryStringParameters"] == {"limit": "5", "tag": "x,y z", "empty": ""}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-two"] == "1,2"
    assert event["isBase64Encoded"] is False
    assert "cookie" not in event["headers"]
    assert "body" not in event
    context = event["requestContext"]
    assert context["stage"] == "$default"
    assert context["http"]["method"] == "GET"
    assert context["http"]["path"] == "/messages"
    assert context["http"]["sourceIp"] == "127.0.0.1"
    assert context["http"]["userAgent"] == "tester"
    assert context["requestId"]


async def test_parts_missing_from_a_request_are_missing_from_the_event(serve: Serve) -> None:
    async with serve(echo) as session, session.get("/auth") as response:
        event = json.loads(await response.text())["event"]
    assert not {"cookies", "queryStringParameters", "body"} & event.keys()
    assert event["rawQueryString"] == ""


@pytest.mark.parametrize(
    ("content_type", "body", "seen", "encoded"),
    [
        ("application/json", b'{"a": 1}', '{"a": 1}', False),
        ("text/plain", "grün".encode(), "grün", False),
        ("application/octet-stream", b"\x00\xff", "AP8=", True),
        ("application/x-www-form-urlencoded", b"a=1", "YT0x", True),
    ],
)
async def test_a_body_is_text_or_base64_depending_on_its_type(
    serve: Serve, content_type: str, body: bytes, seen: str, *, encoded: bool
) -> None:
    headers = {"Content-Type": content_type}
    async with serve(echo) as session, session.get("/auth", data=body, headers=headers) as response:
        event = json.loads(await response.text())["event"]
    assert (event["body"], event["isBase64Encoded"]) == (seen, encoded)


async def test_a_result_becomes_status_headers_cookies_and_body(serve: Serve) -> None:
    result = {
        "statusCode": 403,
        "headers": {"Content-Type": "application/json", "X-Flag": True, "X-Number": 7},
        "cookies": ["one=1; HttpOnly", "two=2"],
        "body": '{"no": true}',
    }
    async with serve(result) as session, session.get("/auth") as response:
        assert response.status == 403
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["X-Flag"] == "true"
        assert response.headers["X-Number"] == "7"
        assert response.headers.getall("Set-Cookie") == ["one=1; HttpOnly", "two=2"]
        assert await response.json() == {"no": True}


async def test_a_base64_result_is_sent_as_its_bytes(serve: Serve) -> None:
    result = {
        "statusCode": 200,
        "headers": {"content-type": "image/png"},
        "body": base64.b64encode(b"\x89PNG").decode(),
        "isBase64Encoded": True,
    }
    async with serve(result) as session, session.get("/auth") as response:
        assert await response.read() == b"\x89PNG"
        assert response.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    ("result", "body"),
    [({"key": "value"}, b'{"key": "value"}'), ("plain", b"plain"), (None, b"null")],
)
async def test_a_result_without_a_status_is_a_200_with_the_result_as_json(
    serve: Serve, result: Any, body: bytes
) -> None:
    async with serve(lambda *_: result) as session, session.get("/auth") as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        assert await response.read() == body


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Outcome(b'{"errorMessage":"the secret is lost"}', failed=True), 500),
        ({"statusCode": "soon"}, 500),
        (TooManyInvocationsError("Rate Exceeded."), 503),
    ],
)
async def test_a_failed_function_sends_the_browser_no_details(
    serve: Serve, answer: Any, status: int
) -> None:
    async with serve(answer) as session, session.get("/auth") as response:
        assert response.status == status
        assert set(await response.json()) == {"message"}
        assert "secret" not in await response.text()


async def test_the_index_is_never_cached_and_hashed_assets_are_cached_forever(serve: Serve) -> None:
    async with serve() as session:
        async with session.get("/") as response:
            assert response.status == 200
            assert response.content_type == "text/html"
            assert response.headers["Cache-Control"] == "no-cache"
            assert "<title>Chat</title>" in await response.text()
        async with session.get("/assets/index-B0rkd.js") as response:
            assert "immutable" in response.headers["Cache-Control"]
            assert response.content_type in {"text/javascript", "application/javascript"}


async def test_the_content_policy_allows_only_the_page_and_its_ably(serve: Serve) -> None:
    async with serve() as session, session.get("/") as response:
        policy = response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "connect-src 'self' http://localhost:4567 ws://localhost:4567" in policy
    assert "ably.io" not in policy
    async with serve(ably=None) as session, session.get("/") as response:
        assert "wss://*.ably.net" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/%2e%2e/secret.txt", "/..%2fsecret.txt", "/nothing", "/assets"])
async def test_no_file_outside_the_page_folder_is_served(serve: Serve, path: str) -> None:
    async with serve() as session, session.get(path) as response:
        assert response.status == 404


async def test_the_page_gets_its_addresses_from_config_json(serve: Serve) -> None:
    expected = {
        "authUrl": "/auth",
        "messagesUrl": "/messages",
        "outgoingChannel": "outgoing-chat",
        "incomingChannel": "incoming-chat",
        "ably": {"endpoint": "localhost", "port": 4567, "tls": False},
    }
    async with serve() as session, session.get("/config.json") as response:
        assert await response.json() == expected
        assert response.headers["Cache-Control"] == "no-cache"
    async with serve(ably=None) as session, session.get("/config.json") as response:
        assert await response.json() == {**expected, "ably": None}
