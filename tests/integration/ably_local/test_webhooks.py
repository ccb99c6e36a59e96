import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.fixtures.ably import LocalAbly
from tests.integration.ably_local.test_rules import log, publish

DEADLINE_SECONDS = 10


class Hook:
    """A webhook server; its answers wait for `open`."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.open = asyncio.Event()
        self.requests: asyncio.Queue[tuple[dict[str, str], bytes, Any]] = asyncio.Queue()

    async def answer(self, request: web.Request) -> web.Response:
        received = (dict(request.headers), await request.read(), await request.json())
        self.requests.put_nowait(received)
        await self.open.wait()
        return web.Response(status=self.status)

    async def next(self) -> tuple[dict[str, str], bytes, Any]:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self.requests.get()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    application = web.Application()
    application.router.add_post("/hook", hook.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


async def create(ably: LocalAbly, hook: Hook, mode: str, **target: Any) -> None:
    rule = {
        "ruleType": "http",
        "requestMode": mode,
        "source": {"channelFilter": "^outgoing-", "type": "channel.message"},
        "target": {"url": hook.url, "format": "json", **target},
    }
    headers = {"Authorization": f"Bearer {ably.control_token}"}
    target_url = f"{ably.control_api_url}/apps/{ably.app_id}/rules"
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(target_url, json=rule) as response,
    ):
        assert response.status == 201


async def test_a_single_webhook_contains_the_enveloped_message(
    local_ably: LocalAbly, hook: Hook
) -> None:
    hook.open.set()
    await create(local_ably, hook, "single", headers=[{"name": "X-Mine", "value": "1"}])
    await publish(local_ably, "outgoing-chat", "x")
    headers, _, body = await hook.next()
    assert (headers["X-Mine"], headers["X-Ably-Version"]) == ("1", "1.2")
    assert headers["Content-Type"] == "application/json"
    assert (body["channel"], body["messages"][0]["data"]) == ("outgoing-chat", "x")


async def test_a_batch_contains_the_messages_that_arrived_during_the_previous_one(
    local_ably: LocalAbly, hook: Hook
) -> None:
    await create(local_ably, hook, "batch")
    for letter in "abcd":
        await publish(local_ably, "outgoing-chat", letter)
    bodies = [(await hook.next())[2]]
    hook.open.set()
    bodies.append((await hook.next())[2])
    data = [[item["data"]["messages"][0]["data"] for item in body["items"]] for body in bodies]
    assert data == [["a"], ["b", "c", "d"]]


async def test_a_batch_is_signed_with_the_key_that_the_rule_names(
    local_ably: LocalAbly, hook: Hook
) -> None:
    hook.open.set()
    key_name, _, secret = local_ably.api_key.partition(":")
    key_id = key_name.partition(".")[2]
    await create(local_ably, hook, "batch", signingKeyId=key_id)
    await publish(local_ably, "outgoing-chat", "\u00e9")
    headers, raw, _ = await hook.next()
    assert headers["X-Ably-Key"] == key_id
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
    assert headers["X-Ably-Signature"] == base64.b64encode(digest).decode()


async def test_a_refused_webhook_is_reported_on_the_log_channel(
    local_ably: LocalAbly, hook: Hook
) -> None:
    hook.open.set()
    hook.status = 410
    await create(local_ably, hook, "single")
    await publish(local_ably, "outgoing-chat", "x")
    assert '"ruleType":"http"' in (await log(local_ably))["data"].replace(" ", "")
