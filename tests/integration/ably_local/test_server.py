import asyncio
import base64
import io
import socket
import struct
import time
from dataclasses import replace

import aiohttp
import pytest

from ably_local import AblyServer, Limits
from ably_local.base.protocol import Action
from ably_local.http_guard.refusal_log import MAX_LOGGED
from tests.fixtures.ably import LocalAbly

DEADLINE_SECONDS = 10


async def test_the_server_stops_without_delay_even_with_unresponsive_clients(
    local_ably: LocalAbly,
) -> None:
    clients = []
    for _ in range(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", local_ably.port)
        writer.write(
            f"GET /?key={local_ably.api_key}&v=5 HTTP/1.1\r\nHost: localhost\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert b"101" in await reader.readline()
        clients.append(writer)
    before = time.monotonic()
    await asyncio.to_thread(local_ably.stop)
    assert time.monotonic() - before < 1.5
    for writer in clients:
        writer.close()


async def test_a_client_that_does_not_read_is_disconnected_and_can_resume() -> None:
    limits = replace(Limits.off(), waiting_bytes=1_000_000)
    ably = LocalAbly(limits=limits)
    ably.start()
    base = f"http://127.0.0.1:{ably.port}"
    key = base64.b64encode(ably.api_key.encode()).decode()
    authorization = {"Authorization": f"Basic {key}"}
    async with aiohttp.ClientSession(headers=authorization) as session:
        target = f"{base}/?key={ably.api_key}"
        deaf = await session.ws_connect(target, max_msg_size=0)
        connected = await deaf.receive_json(timeout=DEADLINE_SECONDS)
        await deaf.send_json({"action": Action.ATTACH, "channel": "loud"})
        await deaf.receive_json(timeout=DEADLINE_SECONDS)
        for _ in range(30):  # more than all buffers between here and there
            body = {"data": "x" * 1_000_000}
            async with session.post(f"{base}/channels/loud/messages", json=body) as response:
                assert response.status == 201
        heard = [message async for message in deaf]
        assert len(heard) < 30
        assert deaf.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
        resume = connected["connectionDetails"]["connectionKey"]
        async with session.ws_connect(f"{target}&resume={resume}") as back:
            again = await back.receive_json(timeout=DEADLINE_SECONDS)
            assert again["connectionId"] == connected["connectionId"]
    await asyncio.to_thread(ably.close)


async def test_a_client_that_disconnects_during_its_request_causes_no_error(
    local_ably: LocalAbly, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", local_ably.port)
    writer.write(
        b"POST /channels/a/messages HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    )
    assert b"100" in await reader.readline()  # it waits for the body now
    line = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()  # sends RST instead of FIN
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{local_ably.port}/time") as response,
    ):
        assert response.status == 200
    await asyncio.to_thread(local_ably.stop)
    assert caplog.records == []


@pytest.mark.parametrize("origin", ["http://localhost:5173", "https://127.0.0.1"])
async def test_a_page_on_another_port_can_read_every_answer(
    local_ably: LocalAbly, origin: str
) -> None:
    base = f"http://localhost:{local_ably.port}"
    async with aiohttp.ClientSession(headers={"Origin": origin}) as session:
        for path in ("/time", "/nothing", "/channels/a/messages"):
            async with session.get(base + path) as response:
                assert response.headers["Access-Control-Allow-Origin"] == origin
                assert response.headers["Access-Control-Allow-Credentials"] == "true"
                assert "Link" in response.headers["Access-Control-Expose-Headers"]
        async with session.options(f"{base}/channels/a/messages") as response:
            assert response.status == 204
        async with session.post(f"{base}/messages", data=io.BytesIO(b"x" * 3_000_000)) as response:
            assert response.status == 413
            assert response.headers["Access-Control-Allow-Origin"] == origin


async def test_a_frame_that_is_too_large_ends_that_connection(local_ably: LocalAbly) -> None:
    target = f"http://127.0.0.1:{local_ably.port}/?key={local_ably.api_key}"
    async with aiohttp.ClientSession() as session, session.ws_connect(target) as websocket:
        await websocket.receive_json(timeout=DEADLINE_SECONDS)
        await websocket.send_str("x" * 600_000)
        message = await websocket.receive(timeout=DEADLINE_SECONDS)
        assert message.type == aiohttp.WSMsgType.CLOSE
        assert message.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


def test_a_malformed_key_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="has the form") as refused:
        AblyServer(api_key="verysecret")
    assert "verysecret" not in str(refused.value)


async def test_a_port_in_use_is_an_error(local_ably: LocalAbly) -> None:
    with pytest.raises(OSError, match="in use"):
        await AblyServer(port=local_ably.port).start()


async def test_a_refused_request_does_not_count_as_a_fault_hit(local_ably: LocalAbly) -> None:
    fault = local_ably.fault("fail", times=1)
    async with aiohttp.ClientSession() as session:
        target = f"http://localhost:{local_ably.port}/time"
        async with session.get(target, headers={"Origin": "https://evil.test"}) as response:
            assert response.status == 403
        assert fault.hits == 0
        async with session.get(target) as response:
            assert response.status == 500


async def test_refusals_are_logged_once_and_up_to_a_limit(
    local_ably: LocalAbly, caplog: pytest.LogCaptureFixture
) -> None:
    async with aiohttp.ClientSession() as session:
        for number in range(300):
            headers = {"Origin": f"https://evil{number // 2}.test"}
            async with session.get(
                f"http://localhost:{local_ably.port}/time", headers=headers
            ) as response:
                assert response.status == 403
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == (
        "request refused: a page of the origin 'https://evil0.test' may not call this service"
    )
    assert len(said) == len(set(said)) == MAX_LOGGED
