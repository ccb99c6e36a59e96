"""The gateway's server: the page, and the routes of the HTTP API that invoke functions."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web

from ably_local.http_guard import DOCUMENTS, LOOPBACK_PAGES, AccessPolicy, Refusal
from ably_local.http_guard.middleware import access_guard
from local.gateway.events import HttpResult, http_result, request_event
from local.gateway.page import FILE_ROUTE, Page
from local.gateway.settings import PageSettings
from local.lambda_service.errors import InvokeError
from local.lambda_service.invocation import Invocation, Outcome

logger = logging.getLogger(__name__)

Invoke = Callable[[str, Invocation], Awaitable[Outcome]]
MAX_BODY_BYTES = 10 * 1024 * 1024
JSON_TYPE = [("content-type", "application/json")]
FUNCTION_FAILED = HttpResult(500, JSON_TYPE, b'{"message":"Internal Server Error"}')
UNAVAILABLE = HttpResult(503, JSON_TYPE, b'{"message":"Service Unavailable"}')


class Gateway:
    """Serves the page and the HTTP API on one loopback port.

    Attributes:
        port: TCP port on 127.0.0.1; 0 picks a free one at `start`.
    """

    def __init__(
        self, *, port: int, page_folder: Path, routes: Mapping[str, str], invoke: Invoke
    ) -> None:
        """Create a gateway; `routes` maps each GET path to a function name."""
        self.port = port
        self._page_folder = page_folder
        self._routes = routes
        self._invoke = invoke
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The URL of the page, without a trailing slash."""
        return f"http://localhost:{self.port}"

    async def start(self, settings: PageSettings) -> None:
        """Start listening and serving requests."""
        app = web.Application(
            client_max_size=MAX_BODY_BYTES, middlewares=[access_guard(_policy, _refuse)]
        )
        for path, function_name in self._routes.items():
            app.router.add_get(path, self._function(function_name), allow_head=False)
        Page(self._page_folder, settings).add_to(app.router)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening. Safe to call twice, and without a start."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _function(self, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            result = await self._call(name, request)
            response = web.Response(status=result.status, body=result.body)
            response.headers.popall("Content-Type", None)
            for header, value in result.headers:
                response.headers.add(header, value)
            return response

        return handle

    async def _call(self, name: str, request: web.Request) -> HttpResult:
        event = await request_event(request)
        try:
            outcome = await self._invoke(name, Invocation(payload=json.dumps(event).encode()))
        except InvokeError:
            logger.warning("invocation of %s failed", name, exc_info=True)
            return UNAVAILABLE
        if outcome.failed:
            logger.warning("%s returned an error: %s", name, outcome.error_message())
            return FUNCTION_FAILED
        return http_result(outcome.payload)


def _policy(request: web.Request) -> AccessPolicy:
    """A link on any site may open the page; only pages of this machine may call the API."""
    is_file = request.match_info.route.name == FILE_ROUTE
    return DOCUMENTS if is_file else LOOPBACK_PAGES


def _refuse(refusal: Refusal) -> web.Response:
    # In API Gateway's format. A page of another origin cannot read it; the browser's tools show it.
    return web.json_response({"message": refusal.sentence}, status=refusal.status)
