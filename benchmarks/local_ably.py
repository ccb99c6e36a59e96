"""How fast the local Ably is, and how much memory it takes: one server process against raw sockets.

    .venv/bin/python benchmarks/local_ably.py

Every answer and every delivered message is checked. Beside the rate by the clock stands the rate
per second of the server's own processor time, which other work on the machine does not lower.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import aiohttp

ROOT = Path(__file__).parents[1]
START_SECONDS = 30
DEADLINE_SECONDS = 120
ARRAY = 50
ATTACH = 10


def expect(condition: bool, what: str, instead: object) -> None:  # noqa: FBT001  # reads as assert
    """Stop measuring where the server does not do its work."""
    if not condition:
        raise RuntimeError(f"expected {what}, got {instead}")


class Server:
    """A `python -m ably_local --no-limits` of this measurement's own."""

    def __init__(self, folder: Path) -> None:
        ready_file = folder / "ready.json"
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ably_local", "--no-limits", "--ready-file", ready_file],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        while not ready_file.exists():
            if time.perf_counter() - begun > START_SECONDS or self._process.poll() is not None:
                raise RuntimeError("the local Ably does not start")
            time.sleep(0.005)
        self.start_seconds = time.perf_counter() - begun
        self.start_cpu_seconds = self.cpu_seconds()
        self.facts: dict[str, Any] = json.loads(ready_file.read_text())
        self.url = f"http://127.0.0.1:{self.facts['port']}"

    @property
    def credentials(self) -> dict[str, str]:
        """Headers that show the server's key."""
        key = base64.b64encode(self.facts["api_key"].encode()).decode()
        return {"Authorization": f"Basic {key}"}

    def cpu_seconds(self) -> float:
        """Processor time that the server has used, user and system."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def stop(self) -> None:
        """End it and wait."""
        self._process.terminate()
        self._process.wait(START_SECONDS)


class Subscriber(asyncio.Protocol):
    """A WebSocket that only reads, as cheaply as Python can: one processor serves a hundred."""

    def __init__(self, channel: str, awaited: int) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.frames: list[bytes] = []
        self._channel, self._awaited = channel, awaited
        self._buffer = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take the answer to the upgrade, then frames."""
        self._buffer += data
        if not self._upgraded:
            _, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self._upgraded, self._buffer = True, rest
        for frame in self._take():
            self._got(frame)

    def _got(self, frame: bytes) -> None:
        if b'"action":15' in frame:
            self.frames.append(frame)
            if len(self.frames) == self._awaited:
                self.done.set_result(None)
        elif b'"action":11' in frame:
            self.ready.set_result(None)
        elif b'"action":4' in frame:
            self.transport.write(masked({"action": ATTACH, "channel": self._channel}))

    def _take(self) -> Iterator[bytes]:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            length, head = buffer[at + 1], 2
            if length == 126:
                length, head = int.from_bytes(buffer[at + 2 : at + 4]), 4
            elif length == 127:
                length, head = int.from_bytes(buffer[at + 2 : at + 10]), 10
            if len(buffer) - at < head + length:
                break
            yield bytes(buffer[at + head : at + head + length])
            at += head + length
        del buffer[:at]


def masked(message: dict[str, Any]) -> bytes:
    """A client's text frame; the mask is zero, which leaves the payload as it is."""
    payload = json.dumps(message).encode()
    expect(len(payload) < 126, "a frame of one length byte", payload)
    return bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload


async def open_subscribers(
    server: Server, count: int, channel: str, awaited: int
) -> list[Subscriber]:
    """Connect and attach so many; they are ready."""
    loop, port = asyncio.get_running_loop(), server.facts["port"]
    upgrade = (
        f"GET /?key={server.facts['api_key']}&v=6&format=json HTTP/1.1\r\nHost: localhost\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()
    subscribers = []
    for _ in range(count):
        _, each = await loop.create_connection(
            lambda: Subscriber(channel, awaited), "127.0.0.1", port
        )
        each.transport.write(upgrade)
        subscribers.append(each)
    await asyncio.gather(*(each.ready for each in subscribers))
    return subscribers


@contextmanager
def measured(server: Server, what: str, messages: int) -> Iterator[None]:
    """Print the rate of a block that moves so many messages."""
    cpu, begun = server.cpu_seconds(), time.perf_counter()
    yield
    seconds, used = time.perf_counter() - begun, server.cpu_seconds() - cpu
    print(
        f"{what}: {messages / seconds:,.0f} messages/s; "
        f"{messages / used:,.0f} per second of the server's processor time"
    )


async def measure_in(server: Server, requests: int, workers: int) -> None:
    """Batch publish of arrays of 50 messages, each request one array."""
    left = iter(range(requests))
    headers = {**server.credentials, "X-Ably-Version": "6", "Content-Type": "application/json"}

    async def work(session: aiohttp.ClientSession, worker: int) -> None:
        for number in left:
            messages = [
                {"name": "chat", "data": f"message {number} {index} {'x' * 80}"}
                for index in range(ARRAY)
            ]
            body = json.dumps([{"channels": f"in-{worker}", "messages": messages}])
            async with session.post(f"{server.url}/messages", data=body) as response:
                (answer,) = await response.json()
            expect(response.status == 201, "201", answer)
            expect(len(answer["results"][0]["serials"]) == ARRAY, "a serial each", answer)

    async with aiohttp.ClientSession(headers=headers) as session:
        with measured(server, "in, batch publish of 50-message arrays", requests * ARRAY):
            await asyncio.gather(*(work(session, worker) for worker in range(workers)))


async def measure_out(server: Server, publishes: int, subscribers: int) -> None:
    """One message a publish, to all subscribers of one channel."""
    clients = await open_subscribers(server, subscribers, "out", publishes)
    async with aiohttp.ClientSession(headers=server.credentials) as session:
        with measured(server, f"out, to {subscribers} subscribers", publishes * subscribers):
            for number in range(publishes):
                body = {"name": "chat", "data": f"message {number} {'x' * 80}"}
                url = f"{server.url}/channels/out/messages"
                async with session.post(url, json=body) as response:
                    expect(response.status == 201, "201", await response.text())
            async with asyncio.timeout(DEADLINE_SECONDS):
                await asyncio.gather(*(each.done for each in clients))
    for client in clients:
        expect(client.frames == clients[0].frames, "the same to all", len(client.frames))
        client.transport.abort()
    texts = [json.loads(frame)["messages"][0]["data"] for frame in clients[0].frames]
    numbers = [int(text.split()[1]) for text in texts]
    expect(numbers == list(range(publishes)), "each message once and in order", numbers)


async def measure_memory(server: Server, connections: int) -> None:
    """Connections at rest, each attached to one channel."""
    before = server.memory_mb()
    clients = await open_subscribers(server, connections, "rest", 1)
    after = server.memory_mb()
    print(f"{connections} connections: {after:.0f} MB resident; {before:.0f} MB without them")
    for client in clients:
        client.transport.abort()


def measure_start(times: int) -> None:
    """From the command to the ready file."""
    seconds, used = [], []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(Path(folder))
            seconds.append(server.start_seconds)
            used.append(server.start_cpu_seconds)
            server.stop()
    median = statistics.median
    print(f"start: {median(seconds):.2f} s, of these {median(used):.2f} s processor time")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=2000, help="arrays in (default: 2000)")
    parser.add_argument("--publishes", type=int, default=1000, help="to send out (default: 1000)")
    parser.add_argument("--connections", type=int, default=1000, help="at rest (default: 1000)")
    options = parser.parse_args()
    measure_start(5)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            asyncio.run(measure_memory(server, options.connections))
            asyncio.run(measure_out(server, options.publishes, subscribers=100))
            asyncio.run(measure_in(server, options.requests, workers=4))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
