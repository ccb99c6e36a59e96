"""Keeps web pages of other sites out of HTTP services that listen on loopback.

A browser runs code of other parties on this machine, and that code can reach loopback. This permits
two attacks. A page of any site can send requests to `http://localhost:PORT`; it cannot read every
answer, but it does not need the answer to invoke a function. A page can also make its own host name
resolve to 127.0.0.1 (DNS rebinding); the browser then treats page and service as the same origin.

The guard checks headers that only the browser sets and that a page cannot forge: `Host` against
rebinding, `Origin` and `Sec-Fetch-*` against other sites. Other clients send neither `Origin` nor
`Sec-Fetch-Site`, so the guard accepts them. It does not replace credentials: another program on
this machine can send any header.

`policy` decides and does no I/O; `middleware` applies a policy in aiohttp; `refusal_log` logs
refusals for the developer.
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
