"""Applies faults to requests: answers that fail, come late or never come."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from ably_local.faults.faults import Fault, Faults
from ably_local.http.exchange import Response, failure

# aiohttp does not notify a waiting handler when its client closes the connection.
LOOK_SECONDS = 0.5

Answer = Callable[[], Awaitable[web.StreamResponse]]
Render = Callable[[Response], web.StreamResponse]


class FaultInjector:
    """Applies the faults of a server to its requests."""

    def __init__(self, faults: Faults) -> None:
        self._removed: dict[str, asyncio.Event] = {}
        faults.on_removed = self._release

    async def answer(
        self, fault: Fault, given: web.Request, act: Answer, render: Render
    ) -> web.StreamResponse:
        """Answer one request as the fault requires.

        Args:
            fault: the fault to apply.
            given: the request.
            act: performs the request and returns the regular answer.
            render: makes the response for an error.
        """
        # Answering a WebSocket means serving it to its end: a late answer is then a late start.
        opens_socket = "upgrade" in given.headers
        match fault.kind:
            case "fail":
                await given.read()
                return render(failure(fault.error))
            case "delay" if opens_socket:
                await asyncio.sleep(fault.delay_ms / 1000)
                return await act()
            case "delay":
                response = await act()
                await asyncio.sleep(fault.delay_ms / 1000)
                return response
            case "drop" if not opens_socket:
                await act()
            case "hang":
                await self._hang(fault, given)
        if given.transport is not None:
            given.transport.abort()
        return web.Response(status=500)

    def release_all(self) -> None:
        """End all hanging requests."""
        for event in self._removed.values():
            event.set()
        self._removed.clear()

    async def _hang(self, fault: Fault, given: web.Request) -> None:
        """Wait until the fault is removed, the server stops or the client disconnects."""
        removed = self._removed.setdefault(fault.id, asyncio.Event())
        while given.transport is not None and not given.transport.is_closing():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await removed.wait()
                    return

    def _release(self, fault: Fault) -> None:
        event = self._removed.pop(fault.id, None)
        if event is not None:
            event.set()
