"""Keeps other people's web pages out of HTTP services that listen on loopback.

A browser is the one program on this machine that runs strangers' code, and it reaches loopback.
Two attacks follow. A page of any site sends requests to `http://localhost:PORT`; it cannot read
every answer, but it need not read one to invoke a function. And a page whose own name is made to
resolve to 127.0.0.1 (DNS rebinding) is, to the browser, of the same origin as the service.

The guard looks at what only the browser writes, and no page can forge: `Host` against rebinding,
`Origin` and `Sec-Fetch-*` against other sites. Other clients send neither `Origin` nor
`Sec-Fetch-Site` and are not affected. It does not replace credentials: another program on this
machine sends whatever headers it likes.

`policy` decides and does no I/O; `middleware` is the same for aiohttp; `refusal_log` tells the
developer.
"""

from ably_local.http_guard.policy import (
    DOCUMENTS,
    LOOPBACK_PAGES,
    NO_PAGES,
    AccessPolicy,
    Refusal,
    RequestHead,
    parse_host,
    parse_origin,
)

__all__ = [
    "DOCUMENTS",
    "LOOPBACK_PAGES",
    "NO_PAGES",
    "AccessPolicy",
    "Refusal",
    "RequestHead",
    "parse_host",
    "parse_origin",
]
