"""The Runtime API of one worker: the worker asks for work, and sends results or errors.

Each worker has its own server, because AWS's runtime client takes only a host and a port: the port
identifies the worker.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from ably_local.http_guard import NO_PAGES, Refusal
from ably_local.http_guard.middleware import access_guard
from local.lambda_service.function import Function
from local.lambda_service.invocation import (
    MAX_RESPONSE_BYTES,
    Invocation,
    Outcome,
    response_too_large,
)

PREFIX = "/2018-06-01/runtime"
# The runtime client sends the cause of an error in a header, up to this size.
MAX_HEADER_BYTES = 1024 * 1024 + 256


class RuntimeApi:
    """The state of one worker, as known from its requests.

    Attributes:
        ready: set when the worker asks for its first invocation.
        init_error: the error document of a handler that failed to load.
    """

    def __init__(self, function: Function) -> None:
        self.ready = asyncio.Event()
        self.init_error: bytes | None = None
        self._function = function
        self._offered: asyncio.Queue[Invocation] = asyncio.Queue(maxsize=1)
        self._current: Invocation | None = None
        self._outcome: asyncio.Future[Outcome] | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen on a free loopback port; returns `host:port`."""
        # AWS's runtime client sends no credentials, so this API cannot require any.
        app = web.Application(
            client_max_size=MAX_RESPONSE_BYTES,
            middlewares=[access_guard(lambda _request: NO_PAGES, _refuse_sender)],
        )
        app.router.add_get(f"{PREFIX}/invocation/next", self._next)
        app.router.add_post(
            f"{PREFIX}/invocation/{{id}}/response", self._for_current(self._response)
        )
        app.router.add_post(f"{PREFIX}/invocation/{{id}}/error", self._for_current(self._error))
        app.router.add_post(f"{PREFIX}/init/error", self._init_error)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, max_field_size=MAX_HEADER_BYTES
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"{host}:{port}"

    async def stop(self) -> None:
        """Stop listening; a worker that waits for work loses its connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def offer(self, invocation: Invocation) -> asyncio.Future[Outcome]:
        """Hand an invocation to the worker; the future resolves when the worker answers."""
        self._outcome = asyncio.get_running_loop().create_future()
        self._offered.put_nowait(invocation)
        return self._outcome

    async def _next(self, _request: web.Request) -> web.Response:
        self.ready.set()
        invocation = await self._offered.get()
        self._current = invocation
        deadline_ms = int((time.time() + self._function.timeout_seconds) * 1000)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self._function.arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return web.Response(
            body=invocation.payload, content_type="application/json", headers=headers
        )

    def _for_current(
        self, answer: Callable[[web.Request, Invocation], Awaitable[Outcome]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            current = self._current
            if current is None or current.request_id != request.match_info["id"]:
                return _status(400, "InvalidRequestID", "not the current invocation")
            outcome = await answer(request, current)
            self._current = None
            if self._outcome is not None and not self._outcome.done():
                self._outcome.set_result(outcome)
            return _status(202)

        return handle

    async def _response(self, request: web.Request, current: Invocation) -> Outcome:
        try:
            return Outcome(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return response_too_large(current)

    async def _error(self, request: web.Request, _current: Invocation) -> Outcome:
        return Outcome(await request.read(), failed=True)

    async def _init_error(self, request: web.Request) -> web.Response:
        self.init_error = await request.read()
        return _status(202)


def _refuse_sender(refusal: Refusal) -> web.Response:
    return _status(refusal.status, "AccessDenied", refusal.sentence)


def _status(status: int, error_type: str = "", message: str = "") -> web.Response:
    if error_type:
        return web.json_response({"errorType": error_type, "errorMessage": message}, status=status)
    return web.json_response({"status": "OK"}, status=status)
