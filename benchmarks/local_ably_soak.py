"""Whether the local Ably stays as it is: clients come, talk and go for minutes; nothing is to grow.

    .venv/bin/python benchmarks/local_ably_soak.py --minutes 10

The server runs here, its clients in a process of their own. A connection that was cut, and a
channel's history, live for two minutes: so growth of memory is judged from the fourth minute on,
and three minutes after the last client nothing may be left.
"""

import argparse
import asyncio
import gc
import os
import random
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from ably_local import AblyServer, Limits  # noqa: E402  # the script's folder hides the root

SETTLED_MINUTES = 3.5
SAMPLE_SECONDS = 15
REST_SECONDS = 180
VISITS_PER_SECOND = 20
TOLERANCE = 1.05
CONNECTED, ATTACH, MESSAGE, PRESENCE, CLOSE, ACK = 4, 10, 15, 14, 7, 1


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the server holds at one time."""

    minute: float
    memory_mb: float
    tasks: int
    connections: int
    channels: int
    timers: int


def take_sample(server: AblyServer, begun: float) -> Sample:
    """Look at the server."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    app = server.service.app(server.app_id)
    return Sample(
        minute=(time.monotonic() - begun) / 60,
        memory_mb=pages * resource.getpagesize() / 2**20,
        tasks=len(asyncio.all_tasks()),
        connections=len(app.connections),
        channels=len(app.channels),
        timers=len(server.service.timers),
    )


async def visit(session: aiohttp.ClientSession, url: str, key: str) -> None:
    """One client: connect, attach, be present, publish, go; some come back, some just vanish."""
    wire = {"key": key, "v": "6", "format": "json", "clientId": f"c{random.randrange(100)}"}  # noqa: S311  # no secret
    channel = f"room {random.randrange(50)}"  # noqa: S311  # no secret
    connection_key = await stay(session, url, wire, channel)
    if random.random() < 0.2:  # noqa: S311  # no secret
        await stay(session, url, {**wire, "resume": connection_key}, channel)


async def stay(session: aiohttp.ClientSession, url: str, wire: dict[str, str], channel: str) -> str:
    """One socket; returns the connection key."""
    async with session.ws_connect(url, params=wire) as websocket:
        connected = await websocket.receive_json()
        await websocket.send_json({"action": ATTACH, "channel": channel})
        enter = [{"action": 2, "data": "x" * 50}]
        await websocket.send_json(
            {"action": PRESENCE, "channel": channel, "msgSerial": 0, "presence": enter}
        )
        for serial in range(1, 6):
            messages = [{"name": "n", "data": "x" * 200}]
            await websocket.send_json(
                {"action": MESSAGE, "channel": channel, "msgSerial": serial, "messages": messages}
            )
        async for frame in websocket:
            message = frame.json()
            if message["action"] == ACK and message["msgSerial"] == 5:
                break
        if random.random() < 0.5:  # noqa: S311  # no secret
            await websocket.send_json({"action": CLOSE})
            async for _ in websocket:
                pass
        key: str = connected["connectionDetails"]["connectionKey"]
        return key


async def crowd(port: int, key: str, seconds: float) -> None:
    """Visits at a steady rate, however long each takes."""
    begun = time.monotonic()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as visits:
        for number in range(int(seconds * VISITS_PER_SECOND)):
            due = begun + number / VISITS_PER_SECOND
            await asyncio.sleep(max(0, due - time.monotonic()))
            visits.create_task(visit(session, f"http://127.0.0.1:{port}/", key))


async def soak(minutes: float) -> tuple[list[Sample], Sample]:
    """Run the server under its crowd; samples every quarter of a minute, and one of the rest."""
    server = AblyServer(limits=Limits.off())
    await server.start()
    begun, samples = time.monotonic(), []
    clients = subprocess.Popen(  # noqa: ASYNC220  # starting it is quick
        [sys.executable, __file__, "--minutes", str(minutes), "--crowd", str(server.port)],
        env={**os.environ, "ABLY_API_KEY": server.api_key},
    )
    while clients.poll() is None:
        await asyncio.sleep(SAMPLE_SECONDS)
        samples.append(take_sample(server, begun))
        print(
            "  ".join(f"{name} {value:.1f}" for name, value in vars(samples[-1]).items()),
            flush=True,
        )
    await asyncio.sleep(REST_SECONDS)
    rest = take_sample(server, begun)
    print(rest)
    await server.stop()
    if clients.returncode != 0:
        raise RuntimeError("the clients have failed")
    return samples, rest


def judge(samples: list[Sample], rest: Sample) -> bool:
    """Whether memory and tasks are as at the begin of what is settled, and all has gone since."""
    settled = [each for each in samples if each.minute > SETTLED_MINUTES][:-1]
    third = len(settled) // 3
    if not third:
        raise RuntimeError("too short to tell")
    steady = not (rest.connections or rest.channels)
    for name in ("memory_mb", "tasks"):
        first = sum(getattr(each, name) for each in settled[:third]) / third
        last = sum(getattr(each, name) for each in settled[-third:]) / third
        grown = last > first * TOLERANCE and last - first > 3
        steady = steady and not grown
        print(f"{name}: {first:.1f} then {last:.1f}{'  GROWS' if grown else ''}")
    return steady


def main() -> int:
    """Soak, or be the crowd of a soak."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--crowd", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.crowd:
        asyncio.run(crowd(options.crowd, os.environ["ABLY_API_KEY"], options.minutes * 60))
        return 0
    return 0 if judge(*asyncio.run(soak(options.minutes))) else 1


if __name__ == "__main__":
    sys.exit(main())
