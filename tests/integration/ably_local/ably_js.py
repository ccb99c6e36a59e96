"""An unmodified ably-js in Node, driven over JSON lines."""

import asyncio
import json
import os
from collections import deque
from pathlib import Path
from typing import Any

from tests.fixtures.ably import LocalAbly

WEB_PACKAGE_JSON = Path(__file__).parents[3] / "web" / "package.json"
SCRIPT = Path(__file__).with_name("ably_js.mjs")
DEADLINE_SECONDS = 20


class AblyJsError(Exception):
    """An ErrorInfo that ably-js threw."""

    def __init__(self, info: dict[str, Any]) -> None:
        super().__init__(info["message"])
        self.code = info["code"]
        self.status = info["statusCode"]


class AblyJs:
    """One Node process with one realtime and one REST client."""

    def __init__(self, ably: LocalAbly, *, binary: bool) -> None:
        self._ably = ably
        self._binary = binary
        self._process: asyncio.subprocess.Process | None = None
        self._events: deque[dict[str, Any]] = deque()

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(SCRIPT),
            env={**os.environ, "WEB_PACKAGE_JSON": str(WEB_PACKAGE_JSON)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

    async def stop(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._process.wait()

    async def connect(self, **options: Any) -> Any:
        given = {
            "key": self._ably.api_key,
            "endpoint": "localhost",
            "port": self._ably.port,
            "tls": False,
            "useBinaryProtocol": self._binary,
            **options,
        }
        return await self.do("connect", options=given)

    async def do(self, command: str, **arguments: Any) -> Any:
        """Run one command; events that arrive meanwhile are kept for `event`."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **arguments}).encode() + b"\n")
        while True:
            line = await self._line()
            if "error" in line:
                raise AblyJsError(line["error"])
            if "ok" in line:
                return line["ok"]
            self._events.append(line)

    async def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next event of a kind with these fields; skips earlier events of that kind."""
        while True:
            event = self._take_kept(kind) or await self._line()
            assert "ok" not in event
            if event["event"] != kind:
                self._events.append(event)
            elif fields.items() <= event.items():
                return event

    async def events(self, kind: str, count: int) -> list[dict[str, Any]]:
        return [await self.event(kind) for _ in range(count)]

    def _take_kept(self, kind: str) -> dict[str, Any] | None:
        for event in self._events:
            if event["event"] == kind:
                self._events.remove(event)
                return event
        return None

    async def _line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            line = await self._process.stdout.readline()
        assert line, "node has ended"
        decoded: dict[str, Any] = json.loads(line)
        return decoded
