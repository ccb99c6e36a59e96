import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from ably_local.server.fault_injection import LOOK_SECONDS
from tests.fixtures.ably import LocalAbly
from tests.fixtures.waiting import eventually

DEADLINE_SECONDS = 10
PUBLISH = "^/channels/a/messages$"


@pytest.fixture
def ably() -> Iterator[LocalAbly]:
    server = LocalAbly(fault_admin=True)
    server.start()
    yield server
    server.close()


@pytest.fixture
async def client(ably: LocalAbly) -> AsyncIterator[aiohttp.ClientSession]:
    session = aiohttp.ClientSession(
        base_url=f"http://localhost:{ably.port}",
        timeout=aiohttp.ClientTimeout(total=DEADLINE_SECONDS),
        connector=aiohttp.TCPConnector(force_close=True),
    )
    async with session:
        yield session


async def publish(ably: LocalAbly, client: aiohttp.ClientSession) -> int:
    target = f"/channels/a/messages?key={ably.api_key}"
    async with client.post(target, json={"data": "x"}) as response:
        return response.status


async def test_a_failed_request_has_no_effect(
    ably: LocalAbly, client: aiohttp.ClientSession
) -> None:
    ably.fault("fail", path=PUBLISH, times=2, status=503, code=50003)
    target = f"/channels/a/messages?key={ably.api_key}"
    async with client.post(target, json={"data": "x"}) as response:
        assert response.status == 503
        assert response.headers["X-Ably-Errorcode"] == "50003"
        assert (await response.json())["error"]["code"] == 50003
    assert [await publish(ably, client) for _ in range(2)] == [503, 201]
    assert len(ably.published("a")) == 1


async def test_a_dropped_request_was_accepted(
    ably: LocalAbly, client: aiohttp.ClientSession
) -> None:
    ably.fault("drop", path=PUBLISH, times=1)
    with pytest.raises(aiohttp.ClientError):
        await publish(ably, client)
    assert len(ably.published("a")) == 1
    assert await publish(ably, client) == 201


async def test_a_delayed_request_is_performed_immediately(
    ably: LocalAbly, client: aiohttp.ClientSession
) -> None:
    ably.fault("delay", path=PUBLISH, delay_ms=300)
    begun = time.monotonic()
    answer = asyncio.create_task(publish(ably, client))
    await asyncio.to_thread(eventually, lambda: bool(ably.published("a")), "it is published")
    assert not answer.done()
    assert await answer == 201
    assert time.monotonic() - begun >= 0.3


async def test_a_hanging_request_ends_when_the_fault_is_removed(
    ably: LocalAbly, client: aiohttp.ClientSession
) -> None:
    fault = ably.fault("hang", path=PUBLISH)
    answer = asyncio.create_task(publish(ably, client))
    await asyncio.to_thread(eventually, lambda: bool(fault.hits), "the request is held")
    async with client.get("/time") as response:
        assert response.status == 200, "only that request hangs"
    assert not answer.done()
    ably.clear_faults()
    with pytest.raises(aiohttp.ClientError):
        await answer
    assert ably.published("a") == []


async def test_a_server_with_hanging_requests_stops_without_delay(
    ably: LocalAbly, client: aiohttp.ClientSession
) -> None:
    fault = ably.fault("hang", path=PUBLISH)
    answer = asyncio.create_task(publish(ably, client))
    await asyncio.to_thread(eventually, lambda: bool(fault.hits), "the request is held")
    before = time.monotonic()
    await asyncio.to_thread(ably.stop)
    assert time.monotonic() - before < LOOK_SECONDS
    with pytest.raises(aiohttp.ClientError):
        await answer


async def test_a_websocket_can_be_refused(ably: LocalAbly, client: aiohttp.ClientSession) -> None:
    ably.fault("fail", path="^/$", status=502, times=1)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect(f"/?key={ably.api_key}")
    assert refused.value.status == 502
    async with client.ws_connect(f"/?key={ably.api_key}") as websocket:
        assert (await websocket.receive_json())["action"] == 4


async def test_a_websocket_can_be_dropped_or_delayed(
    ably: LocalAbly, client: aiohttp.ClientSession
) -> None:
    ably.fault("drop", path="^/$")
    with pytest.raises(aiohttp.ClientError):
        await client.ws_connect(f"/?key={ably.api_key}")
    ably.clear_faults()
    ably.fault("delay", path="^/$", delay_ms=200)
    begun = time.monotonic()
    async with client.ws_connect(f"/?key={ably.api_key}") as websocket:
        assert (await websocket.receive_json())["action"] == 4
        assert time.monotonic() - begun >= 0.2


async def test_faults_are_managed_over_http_and_never_hit_their_own_endpoint(
    ably: LocalAbly, client: aiohttp.ClientSession
) -> None:
    client.headers["Authorization"] = f"Bearer {ably.control_token}"
    async with client.post("/faults", json={"kind": "fail", "status": 500}) as response:
        assert response.status == 201
    async with client.get("/time") as response:
        assert response.status == 500
    async with client.delete("/faults") as response:
        assert response.status == 204
    async with client.ws_connect(f"/?key={ably.api_key}") as websocket:
        await websocket.receive_json()
        async with client.post("/faults/cut-connections") as response:
            assert response.status == 204
        message = await websocket.receive(timeout=DEADLINE_SECONDS)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
