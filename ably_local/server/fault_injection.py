"""The shell of faults: answers that fail, come late or never come."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from ably_local.faults.faults import Fault, Faults
from ably_local.http.exchange import Response, failure

# A client that gives up closes its connection, of which nobody tells a handler that waits.
LOOK_SECONDS = 0.5

Answer = Callable[[], Awaitable[web.StreamResponse]]
Render = Callable[[Response], web.StreamResponse]


class FaultInjector:
    """Lets the faults of a server happen to its requests."""

    def __init__(self, faults: Faults) -> None:
        self._removed: dict[str, asyncio.Event] = {}
        faults.on_removed = self._release

    async def answer(
        self, fault: Fault, given: web.Request, act: Answer, render: Render
    ) -> web.StreamResponse:
        """Answer one request as the fault wants it.

        Args:
            fault: what is to happen.
            given: the request.
            act: does what the request asks for and gives the right answer.
            render: makes the answer to a refused request.
        """
        # To answer a WebSocket is to serve it to its end: there, what comes after comes before.
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
        """End all that hangs."""
        for event in self._removed.values():
            event.set()
        self._removed.clear()

    async def _hang(self, fault: Fault, given: web.Request) -> None:
        """Wait until the fault is removed, the server stops or the client has gone."""
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
