"""The guard as an aiohttp middleware."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ably_local.http_guard.policy import AccessPolicy, Refusal, RequestHead
from ably_local.http_guard.refusal_log import RefusalLog

Render = Callable[[Refusal], web.StreamResponse]


def head_of(request: web.Request) -> RequestHead:
    """The part of a request that the guard checks."""
    headers = request.headers
    return RequestHead.read(request.method, request.raw_path, lambda name: headers.getall(name, ()))


def access_guard(policy: Callable[[web.Request], AccessPolicy], render: Render) -> Middleware:
    """Refuse what the request's policy refuses, also on paths that do not exist."""
    log = RefusalLog()

    @web.middleware
    async def refuse_or_handle(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = policy(request).refusal(head_of(request))
        if refusal is None:
            return await handler(request)
        log.note(refusal.sentence)
        return render(refusal)

    return refuse_or_handle
