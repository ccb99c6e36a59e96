import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.fixtures.ably import LocalAbly

DEADLINE_SECONDS = 10


class Sink:
    """A stand-in for the Lambda service; answers with `statuses`, then with 202."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.requests: asyncio.Queue[tuple[str, dict[str, str], Any]] = asyncio.Queue()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.put_nowait((request.path, dict(request.headers), body))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 202)

    async def next(self) -> tuple[str, dict[str, str], Any]:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self.requests.get()


@pytest.fixture
async def sink() -> Sink:
    return Sink()


@pytest.fixture
async def sink_url(sink: Sink) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/{path:.*}", sink.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def ably(sink_url: str) -> AsyncIterator[LocalAbly]:
    server = LocalAbly(lambda_endpoint_url=sink_url)
    server.start()
    await create_rule(server)
    yield server
    await asyncio.to_thread(server.close)


KEYS = {
    "authenticationMode": "credentials",
    "accessKeyId": "AKIALOCAL",
    "secretAccessKey": "secret",
}


async def create_rule(
    ably: LocalAbly, authentication: dict[str, str] = KEYS, *, function_name: str = "ingest"
) -> None:
    rule = {
        "ruleType": "aws/lambda",
        "requestMode": "single",
        "source": {"channelFilter": "^outgoing-", "type": "channel.message"},
        "target": {
            "region": "eu-west-1",
            "functionName": function_name,
            "authentication": authentication,
        },
    }
    headers = {"Authorization": f"Bearer {ably.control_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        target = f"{ably.control_api_url}/apps/{ably.app_id}/rules"
        async with session.post(target, json=rule) as response:
            assert response.status == 201


async def publish(ably: LocalAbly, channel: str, *data: str) -> None:
    target = f"http://127.0.0.1:{ably.port}/channels/{channel}/messages?key={ably.api_key}"
    body = [{"name": "n", "data": each} for each in data]
    async with (
        aiohttp.ClientSession() as session,
        session.post(target, json=body) as response,
    ):
        assert response.status == 201


async def log(ably: LocalAbly) -> dict[str, Any]:
    """The last message on `[meta]log`, as soon as there is one."""
    target = f"http://127.0.0.1:{ably.port}/?key={ably.api_key}"
    attach = {"action": 10, "channel": "[meta]log", "params": {"rewind": "1"}}
    async with aiohttp.ClientSession() as session, session.ws_connect(target) as websocket:
        await websocket.send_json(attach)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (received := await websocket.receive_json())["action"] != 15:
                pass
    message: dict[str, Any] = received["messages"][0]
    return message


async def test_a_message_invokes_the_function_through_the_invoke_api(
    ably: LocalAbly, sink: Sink
) -> None:
    await publish(ably, "incoming-chat", "not this")
    await publish(ably, "outgoing-chat", "é")
    path, headers, event = await sink.next()
    assert path == "/2015-03-31/functions/ingest/invocations"
    assert headers["X-Amz-Invocation-Type"] == "Event"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIALOCAL/")
    assert "/eu-west-1/lambda/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Date"]
    assert event["channel"] == "outgoing-chat"
    (message,) = event["messages"]
    assert (message["name"], message["data"]) == ("n", "é")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_transient_failure_is_retried(ably: LocalAbly, sink: Sink, status: int) -> None:
    sink.statuses = [status, status]
    await publish(ably, "outgoing-chat", "x")
    events = [(await sink.next())[2] for _ in range(3)]
    assert events[0] == events[1] == events[2]


async def test_a_permanent_failure_is_reported_on_the_log_channel(
    ably: LocalAbly, sink: Sink
) -> None:
    sink.statuses = [404]
    await publish(ably, "outgoing-chat", "x")
    message = await log(ably)
    assert message["name"] == "rule.error"
    assert '"code":70002' in message["data"].replace(" ", "")
    await publish(ably, "outgoing-chat", "y")
    await sink.next()
    assert (await sink.next())[2]["messages"][0]["data"] == "y", "x is not tried again"


async def test_invocations_start_in_the_order_of_the_messages(ably: LocalAbly, sink: Sink) -> None:
    data = [str(number) for number in range(20)]
    await publish(ably, "outgoing-chat", *data)
    received = [(await sink.next())[2]["messages"][0]["data"] for _ in data]
    assert sorted(received, key=int) == data


async def test_pending_invocations_survive_a_stop(ably: LocalAbly, sink: Sink) -> None:
    sink.statuses = [503]
    await publish(ably, "outgoing-chat", "x")
    await sink.next()
    await asyncio.to_thread(ably.stop)
    await asyncio.to_thread(ably.start)
    assert (await sink.next())[2]["messages"][0]["data"] == "x"


async def test_a_rule_without_an_endpoint_reports_its_failure(local_ably: LocalAbly) -> None:
    await create_rule(local_ably)
    await publish(local_ably, "outgoing-chat", "x")
    assert '"code":70000' in (await log(local_ably))["data"].replace(" ", "")
