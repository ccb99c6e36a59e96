"""An Ably that only takes publishes, as fast as one core allows, and remembers when it took each.

    python -m benchmarks.stub_ably --port 9000 [--delay-ms 20 --jitter-ms 10] [--channel-rate 50]

The local Ably checks everything and would be what is measured. Time is CLOCK_MONOTONIC, which is
the same for every process of a machine. A publish counts when the first half of the delay is over.
"""

import argparse
import asyncio
import json
import random
import re
import time
from dataclasses import dataclass, field
from typing import Any

import msgpack

HEAD_END = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
MSGPACK = "application/x-msgpack"
TOKEN_MS = 3_600_000


@dataclass(kw_only=True)
class Ably:
    """What was taken, and how.

    Attributes:
        taken: when, on which channel, and the messages' data.
        channel_rate: publishes a second and channel, with a second's burst; 0 is without limit.
    """

    delay_seconds: float = 0.0
    jitter_seconds: float = 0.0
    channel_rate: float = 0.0
    taken: list[tuple[int, str, list[Any]]] = field(default_factory=list)
    messages: int = 0
    refused: int = 0
    requests: int = 0
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    _random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311

    def delay(self) -> float:
        """How long this request takes, both ways."""
        if not self.delay_seconds:
            return 0.0
        return self.delay_seconds + self._random.uniform(-self.jitter_seconds, self.jitter_seconds)

    def take(self, channel: str, given: Any) -> dict[str, Any]:
        """One publish on one channel; its result as in the answer to a batch."""
        if not self._within_rate(channel):
            self.refused += 1
            error = {"code": 42913, "statusCode": 429, "message": "rate limit exceeded"}
            return {"channel": channel, "error": error}
        items = given if isinstance(given, list) else [given]
        self.taken.append((time.monotonic_ns(), channel, [item["data"] for item in items]))
        self.messages += len(items)
        return {"channel": channel, "messageId": "stub"}

    def reset(self) -> None:
        """Forget everything."""
        self.taken, self.messages, self.refused, self.requests = [], 0, 0, 0

    def _within_rate(self, channel: str) -> bool:
        if not self.channel_rate:
            return True
        now = time.monotonic()
        level, at = self._levels.get(channel, (self.channel_rate, now))
        level = min(self.channel_rate, level + (now - at) * self.channel_rate)
        self._levels[channel] = (level - 1 if level >= 1 else level, now)
        return level >= 1


class Connection(asyncio.Protocol):
    """One client's connection, requests one after another."""

    def __init__(self, ably: Ably) -> None:
        self._ably = ably
        self._bytes = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport  # type: ignore[assignment]  # TCP's is a full transport

    def data_received(self, data: bytes) -> None:
        """Take every request that is complete."""
        self._bytes += data
        while (end := self._bytes.find(HEAD_END)) >= 0:
            head = bytes(self._bytes[:end])
            found = CONTENT_LENGTH.claim_request(head)
            start = end + len(HEAD_END)
            length = int(found[1]) if found else 0
            if len(self._bytes) < start + length:
                return
            body = bytes(self._bytes[start : start + length])
            del self._bytes[: start + length]
            self._begin(head.decode("latin-1"), body)

    def _begin(self, head: str, body: bytes) -> None:
        delay = self._ably.delay()
        if not delay or " /stub/" in head:
            self._write(self._handle(head, body), head)
            return
        loop = asyncio.get_running_loop()

        def accept() -> None:
            answer = self._handle(head, body)
            loop.call_later(delay / 2, self._write, answer, head)

        loop.call_later(delay / 2, accept)

    def _write(self, answer: tuple[int, Any], head: str) -> None:
        status, value = answer
        in_json = MSGPACK not in head
        body = json.dumps(value).encode() if in_json else msgpack.packb(value)
        kind = "application/json" if in_json else MSGPACK
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )

    def _handle(self, head: str, body: bytes) -> tuple[int, Any]:
        line, _, headers = head.partition("\r\n")
        path = line.split(" ")[1].partition("?")[0]
        if path.startswith("/stub/"):
            return self._stub(path)
        self._ably.requests += 1
        if path == "/time":
            return 200, [int(time.time() * 1000)]
        if path.endswith("/requestToken"):
            return 201, _token(path)
        given = msgpack.unpackb(body) if MSGPACK in headers else json.loads(body)
        if path == "/messages":
            return 201, [self._spec(spec) for spec in given]
        result = self._ably.take(path.split("/")[2], given)
        return (429 if "error" in result else 201), result

    def _spec(self, spec: dict[str, Any]) -> dict[str, Any]:
        results = [self._ably.take(channel, spec["messages"]) for channel in spec["channels"]]
        failed = sum("error" in result for result in results)
        return {"successCount": 1 - failed, "failureCount": failed, "results": results}

    def _stub(self, path: str) -> tuple[int, Any]:
        ably = self._ably
        if path == "/stub/taken":
            return 200, ably.taken
        if path == "/stub/reset":
            ably.reset()
        return 200, {
            "messages": ably.messages,
            "publishes": len(ably.taken),
            "refused": ably.refused,
            "requests": ably.requests,
        }


def _token(path: str) -> dict[str, Any]:
    now = int(time.time() * 1000)
    key_name = path.split("/")[2]
    return {
        "token": f"{key_name.partition('.')[0]}.stub",
        "keyName": key_name,
        "issued": now,
        "expires": now + TOKEN_MS,
        "capability": '{"*":["*"]}',
    }


async def serve(port: int, ably: Ably) -> None:
    """Serve for good."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(ably), "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="of every request")
    parser.add_argument("--jitter-ms", type=float, default=0.0, help="plus or minus")
    parser.add_argument("--channel-rate", type=float, default=0.0, help="publishes a second")
    options = parser.parse_args()
    ably = Ably(
        delay_seconds=options.delay_ms / 1000,
        jitter_seconds=options.jitter_ms / 1000,
        channel_rate=options.channel_rate,
    )
    asyncio.run(serve(options.port, ably))


if __name__ == "__main__":
    main()
