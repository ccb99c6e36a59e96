"""A page of another site, in the browser of a user who has a local run open."""

import base64
import json
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import psycopg2
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e.test_page import enter, unique
from tests.fixtures.ably import LocalAbly
from tests.fixtures.ably_events import envelope, write
from tests.fixtures.browser import run_browser

SCRIPT = (Path(__file__).parent / "other_website.js").read_text()
EVIL = "evil.test"
# Turns off Chromium's own protection, which is not under test; other browsers have none.
PROTECTION = (
    "BlockInsecurePrivateNetworkRequests",
    "LocalNetworkAccessChecks",
    "PrivateNetworkAccessRespectPreflightResults",
    "PrivateNetworkAccessSendPreflights",
)
FLAGS = (
    # The name of a site whose owner changed its address to loopback.
    f"--host-resolver-rules=MAP {EVIL} 127.0.0.1",
    f"--disable-features={','.join(PROTECTION)}",
)
REFUSED = "this service answers for localhost, not for the host"
FORGED = (
    "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/{service}/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser that resolves the foreign host name to this machine."""
    async with run_browser(*FLAGS) as browser:
        yield browser


@pytest.fixture
async def website() -> AsyncIterator[int]:
    """The port of the foreign site, which also acts as a service without a guard."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade"):
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            return socket
        headers = {
            "Access-Control-Allow-Origin": request.headers.get("Origin", "*"),
            "Access-Control-Allow-Credentials": "true",
        }
        return web.Response(text="<!doctype html>loot", content_type="text/html", headers=headers)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def visit(browser: Browser, address: str) -> Page:
    """Open the foreign page at an address, in place of what is served there."""
    page = await browser.new_page()

    async def serve(route: Route) -> None:
        await route.fulfill(body="<!doctype html>", content_type="text/html")

    await page.route(address, serve, times=1)
    await page.goto(address)
    await page.evaluate(SCRIPT)
    assert await page.evaluate("location.origin") == address.rstrip("/")
    return page


def js(value: object) -> str:
    return json.dumps(value)


def reading(base: str, path: str) -> list[str]:
    """All ways in which a page can try to read an address."""
    url = js(base + path)
    return [
        f"read({url})",
        f"read({url}, {{credentials: 'include'}})",
        f"script({url})",
        f"image({url})",
        f"iframe({url})",
    ]


def posting(base: str, path: str, body: str, headers: dict[str, str] | None = None) -> list[str]:
    """All ways in which a page can try to send a body, with or without reading the answer."""
    url = js(base + path)
    name, _, value = body.partition("=")
    plain = {"method": "POST", "body": body}
    return [
        f"fire({url}, {js(plain)})",
        f"read({url}, {js(plain)})",
        f"read({url}, {js({**plain, 'headers': headers or {'X-Other': '1'}})})",
        f"form({url}, {js(name)}, {js(value)}, 'text/plain')",
        f"form({url}, {js(name)}, {js(value)}, 'application/x-www-form-urlencoded')",
    ]


def attempts(run: dict[str, Any], base: Callable[[str], str], event: str) -> list[str]:
    """The attacks on a run; `base` maps a service to the address that they use."""
    page, aws, functions = (
        base(run[name]) for name in ("page_url", "sqs_endpoint_url", "lambda_endpoint_url")
    )
    ably = base(f"http://localhost:{run['ably']['port']}")
    secret = js({"SecretId": "ably-api-key"})
    message = js({"QueueUrl": run["reject_queue_url"], "MessageBody": "=forged"})
    query = f"Action=SendMessage&QueueUrl={quote(run['reject_queue_url'])}&MessageBody=forged"

    def aws_headers(service: str, operation: str) -> dict[str, str]:
        return {
            "Authorization": FORGED.format(service=service),
            "X-Amz-Target": operation,
            "Content-Type": "application/x-amz-json-1.1",
        }

    return [
        *(each for path in ("/auth", "/messages", "/config.json") for each in reading(page, path)),
        *posting(aws, "/", secret, aws_headers("secretsmanager", "secretsmanager.GetSecretValue")),
        *posting(aws, "/", message, aws_headers("sqs", "AmazonSQS.SendMessage")),
        *posting(aws, "/?" + query, query),
        *reading(aws, "/?" + query),
        *reading(aws, "/moto-api/data.json"),
        *posting(aws, "/moto-api/reset", ""),
        *posting(functions, "/2015-03-31/functions/ingest/invocations", event),
        *posting(ably, "/apps", js({"keys": [{}], "=": ""})),
        *posting(ably, "/v1/accounts/local/apps", js({"name": "forged"})),
        *reading(ably, "/v1/me"),
        *reading(ably, "/time"),
        *reading(ably, "/channels/incoming-chat/messages"),
        f"socket({js(ably.replace('http', 'ws', 1) + '/')})",
    ]


def stranger_name(url: str) -> str:
    return f"http://{EVIL}:{urlsplit(url).port}"


def rows(run: dict[str, Any], text: str) -> int:
    connection = psycopg2.connect(run["database_url"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM chat_data WHERE msg_data = %s", [text])
            (count,) = cursor.fetchone() or (0,)
            return int(count)
    finally:
        connection.close()


def queued(run: dict[str, Any]) -> list[str]:
    """The messages of the reject queue that the attacks sent."""
    client = boto3.client(
        "sqs",
        endpoint_url=run["sqs_endpoint_url"],
        region_name="eu-west-1",
        aws_access_key_id=run["aws_access_key_id"],
        aws_secret_access_key=run["aws_secret_access_key"],
    )
    answer = client.receive_message(QueueUrl=run["reject_queue_url"], MaxNumberOfMessages=10)
    return [each["Body"] for each in answer.get("Messages", []) if "forged" in each["Body"]]


async def apps(run: dict[str, Any], page: Page) -> int:
    """The number of apps of the local Ably, read from its Control API outside any page."""
    answer = await page.context.request.get(
        f"{run['control_api_url']}/accounts/local/apps",
        headers={"Authorization": f"Bearer {run['control_token']}"},
    )
    return len(await answer.json())


async def gains(page: Page, tried: list[str]) -> dict[str, str]:
    """What each attack could read; a page of the service's own origin can read refusals."""
    found = {each: await page.evaluate(f"attempt({js(each)})") for each in tried}
    return {each: got for each, got in found.items() if got and REFUSED not in got}


async def assert_gets_nowhere(page: Page, run: dict[str, Any], base: Callable[[str], str]) -> None:
    text = unique("forged")
    event = js({**envelope(write(text)), "=": ""})
    before = await apps(run, page)
    assert await gains(page, attempts(run, base, event)) == {}
    assert rows(run, text) == 0
    assert queued(run) == []
    assert await apps(run, page) == before


async def test_a_page_of_another_site_has_no_access_and_the_chat_goes_on(
    browser: Browser, website: int, local_run: dict[str, Any]
) -> None:
    chat = await enter(await browser.new_page(), local_run["page_url"], "Ann")
    page = await visit(browser, f"http://{EVIL}:{website}/")
    for host in ("localhost", "127.0.0.1"):
        # The browser allows the attacks: a service without a guard answers all of them.
        naked = [*reading(f"http://{host}:{website}", "/")[:2], f"socket('ws://{host}:{website}')"]
        assert len(await gains(page, naked)) == 3

        def named(url: str, host: str = host) -> str:
            return f"http://{host}:{urlsplit(url).port}"

        await assert_gets_nowhere(page, local_run, named)
    text = unique("Still here")
    await chat.send(text)
    await expect(chat.message(text)).to_be_visible()


async def test_a_name_that_is_rebound_to_this_machine_has_no_access(
    browser: Browser, local_run: dict[str, Any]
) -> None:
    for name in ("page_url", "sqs_endpoint_url", "lambda_endpoint_url", "control_api_url"):
        # For the browser, page and service have the same origin: the page can read every answer.
        page = await visit(browser, stranger_name(local_run[name]) + "/")
        status = "fetch('/', {method: 'POST'}).then((answer) => answer.status)"
        assert await page.evaluate(status) == 421
        await assert_gets_nowhere(page, local_run, stranger_name)
        await page.close()


async def test_a_sandboxed_frame_without_an_origin_has_no_access(
    browser: Browser, website: int, local_run: dict[str, Any]
) -> None:
    page = await visit(browser, f"http://{EVIL}:{website}/")
    frame = "<iframe sandbox='allow-scripts'></iframe>"
    await page.set_content(frame)
    inner = page.frames[1]
    assert await inner.evaluate("origin") == "null"
    await inner.evaluate(SCRIPT)
    for url in (local_run["page_url"] + "auth", f"{local_run['control_api_url']}/me"):
        assert await inner.evaluate(f"attempt({js(f'read({js(url)})')})") == ""
    naked = f"read('http://localhost:{website}/')"
    assert await inner.evaluate(f"attempt({js(naked)})") == "200 <!doctype html>loot"


async def test_a_link_on_another_site_opens_the_chat(
    browser: Browser, website: int, local_run: dict[str, Any]
) -> None:
    page = await visit(browser, f"http://{EVIL}:{website}/")
    await page.set_content(f"<a href='{local_run['page_url']}'>chat</a>")
    await page.get_by_role("link").click()
    await expect(page.get_by_test_id("name-form")).to_be_visible()
    page = await visit(browser, f"http://{EVIL}:{website}/")
    await page.set_content(f"<a href='{local_run['auth_url']}'>token</a>")
    async with page.expect_response(local_run["auth_url"]) as response:
        await page.get_by_role("link").click()
    assert (await response.value).status == 403


async def test_no_page_can_create_test_apps_even_with_provisioning(
    browser: Browser, website: int
) -> None:
    ably = LocalAbly(provisioning=True)
    ably.start()
    try:
        for address in (f"http://{EVIL}:{website}/", f"http://localhost:{website}/"):
            page = await visit(browser, address)
            tried = posting(f"http://localhost:{ably.port}", "/apps", js({"keys": [{}]}))
            assert await gains(page, tried) == {}
        assert len(ably.server.service.apps) == 1
    finally:
        ably.close()


async def test_a_front_end_on_another_local_port_uses_the_local_ably(
    browser: Browser, website: int, local_run: dict[str, Any]
) -> None:
    page = await visit(browser, f"http://127.0.0.1:{website}/")
    key = base64.b64encode(local_run["ably"]["api_key"].encode()).decode()
    url = f"http://localhost:{local_run['ably']['port']}/channels/mine/messages"
    body = js({"data": secrets.token_hex(4)})
    headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
    sent = f"read({js(url)}, {js({'method': 'POST', 'body': body, 'headers': headers})})"
    assert (await page.evaluate(f"attempt({js(sent)})")).startswith("201 ")
    socket = f"socket({js(url.replace('http', 'ws', 1).replace('channels/mine/messages', ''))})"
    assert await page.evaluate(f"attempt({js(socket)})") == "open"
