"""The WebSockets: passes received frames to the core and sends its frames from a queue."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import cast

from aiohttp import WSCloseCode, WSMsgType, web

from ably_local.base.codec import Format
from ably_local.base.errors import AblyError
from ably_local.core.connections import Connection
from ably_local.core.limits import Limits
from ably_local.realtime.protocol import Realtime

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 0.5


class Socket:
    """The `Transport` of one WebSocket: sends in order and never blocks the core.

    A client that does not read is disconnected once more than `max_waiting_bytes` are queued for
    it; it can resume from the channels' history.
    """

    def __init__(
        self,
        websocket: web.WebSocketResponse,
        fmt: Format,
        *,
        abort: Callable[[], None],
        max_waiting_bytes: int,
    ) -> None:
        self.format: Format = fmt
        self._websocket = websocket
        self._abort = abort
        self._max_waiting_bytes = max_waiting_bytes
        self._waiting_bytes = 0
        self._queue: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._closing = False

    def send(self, frame: str | bytes) -> None:
        """Queue a frame."""
        if self._closing:
            return
        self._waiting_bytes += len(frame)
        if self._waiting_bytes > self._max_waiting_bytes:
            self.close()
            self._abort()
            return
        self._queue.put_nowait(frame)

    def close(self) -> None:
        """Close the socket after sending the queue."""
        if not self._closing:
            self._closing = True
            self._queue.put_nowait(None)

    async def write(self) -> None:
        """Send queued frames until `close`."""
        with contextlib.suppress(ConnectionError):
            while (frame := await self._queue.get()) is not None:
                self._waiting_bytes -= len(frame)
                if isinstance(frame, str):
                    await self._websocket.send_str(frame)
                else:
                    await self._websocket.send_bytes(frame)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._websocket.close()


class Sockets:
    """All open WebSockets of a server."""

    def __init__(self, realtime: Realtime, limits: Limits) -> None:
        self._realtime = realtime
        self._limits = limits
        self._open: dict[web.WebSocketResponse, asyncio.Transport] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket to its end."""
        websocket = web.WebSocketResponse(
            max_msg_size=self._limits.frame_bytes, compress=False, timeout=CLOSE_SECONDS
        )
        try:
            await websocket.prepare(request)
        except ConnectionError:  # the client disconnected before the answer
            return web.Response()
        transport = request.transport
        if transport is None:  # disconnected in between
            return websocket
        self._open[websocket] = transport
        fmt = "msgpack" if request.query.get("format") == "msgpack" else "json"
        socket = Socket(
            websocket,
            cast("Format", fmt),
            abort=transport.abort,
            max_waiting_bytes=self._limits.waiting_bytes,
        )
        try:
            await self._converse(websocket, socket, dict(request.query))
        finally:
            del self._open[websocket]
        return websocket

    async def close(self) -> None:
        """Close every WebSocket, as an outage does."""
        closing = [each.close(code=WSCloseCode.GOING_AWAY) for each in list(self._open)]
        await asyncio.gather(*closing, return_exceptions=True)

    def cut(self) -> None:
        """Break every TCP connection without a close frame, as a network failure does."""
        for transport in list(self._open.values()):
            transport.abort()

    async def _converse(
        self, websocket: web.WebSocketResponse, socket: Socket, params: dict[str, str]
    ) -> None:
        async with _writer(socket):
            connection = self._realtime.connect(params, socket)
            if connection is None:
                return
            try:
                await self._read(websocket, connection)
            finally:
                self._realtime.lose(connection, socket)

    async def _read(self, websocket: web.WebSocketResponse, connection: Connection) -> None:
        async for message in websocket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            try:
                self._realtime.receive(connection, message.data)
            except Exception:  # a bug must not look like a network failure
                logger.exception("unable to handle a protocol message")
                connection.fail(AblyError(50000, 500, "internal error"))


@contextlib.asynccontextmanager
async def _writer(socket: Socket) -> AsyncIterator[None]:
    """Write in the background; at the end, send the rest of the queue and close."""
    task = asyncio.create_task(socket.write(), name="local-ably-writer")
    try:
        yield
    finally:
        socket.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.shield(task)
        except TimeoutError:
            task.cancel()
