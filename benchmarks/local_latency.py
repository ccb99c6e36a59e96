"""How long a chat message takes from publish to its return, through a running local run.

    .venv/bin/python -m local --ready-file /tmp/ready.json
    .venv/bin/python benchmarks/local_latency.py /tmp/ready.json

One client publishes on the outgoing channel, one message at a time, and measures until the change
that the connector publishes is back on the incoming channel: two hops through Ably, the ingest
function, Postgres, and the connector.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import time
from pathlib import Path
from typing import Any

from ably import AblyRealtime, AblyRest
from ably.types.message import Message

TIMEOUT_SECONDS = 10


class Chat:
    """A client with a token of the run's auth endpoint."""

    def __init__(self, ready: dict[str, Any]) -> None:
        port = ready["ably"]["port"]
        self._rest = AblyRest(
            auth_url=ready["auth_url"], endpoint="localhost", port=port, tls=False
        )
        # ably-python's WebSocket ignores `port`, so the endpoint has it.
        self._realtime = AblyRealtime(
            auth_callback=self._token, endpoint=f"localhost:{port}", tls=False
        )
        self._outgoing = self._realtime.channels.get("outgoing-chat")
        self._awaited = ""
        self._arrived = asyncio.Event()

    async def connect(self) -> None:
        """Connect, and receive changes from here on."""
        await self._realtime.channels.get("incoming-chat").subscribe(self._received)

    async def round_trip_ms(self) -> float:
        """Send one message and wait for its row; milliseconds from publish to return."""
        self._awaited = secrets.token_hex(8)
        self._arrived.clear()
        data = {"username": "bench", "content": self._awaited}
        async with asyncio.timeout(TIMEOUT_SECONDS):
            begun = time.perf_counter()
            await self._outgoing.publish("chatMsg", data)
            await self._arrived.wait()
            return (time.perf_counter() - begun) * 1000

    async def close(self) -> None:
        """Disconnect."""
        await self._realtime.close()
        await self._rest.close()

    async def _token(self, _params: Any) -> Any:
        return await self._rest.auth.authorize()

    def _received(self, message: Message) -> None:
        if json.loads(message.data)["row"]["msg_data"] == self._awaited:
            self._arrived.set()


async def measure(ready: dict[str, Any], count: int, pause_seconds: float) -> list[float]:
    """The round trips of `count` messages, one after the other."""
    chat = Chat(ready)
    await chat.connect()
    try:
        times = []
        for _ in range(count):
            times.append(await chat.round_trip_ms())
            # Ably takes 50 messages a second and channel; a person writes slower.
            await asyncio.sleep(pause_seconds)
        return times
    finally:
        await chat.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ready_file", type=Path, help="of a running `python -m local`")
    parser.add_argument("--count", type=int, default=200, help="messages (default: 200)")
    parser.add_argument("--pause-ms", type=int, default=50, help="between two (default: 50)")
    options = parser.parse_args()
    ready = json.loads(options.ready_file.read_text())
    times = asyncio.run(measure(ready, options.count, options.pause_ms / 1000))
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    print(f"first {times[0]:.1f} ms (a connection of its own for the function, if it is new)")
    print(f"p50 {percentiles[49]:.1f} ms   p99 {percentiles[98]:.1f} ms   of {len(times)} messages")


if __name__ == "__main__":
    main()
