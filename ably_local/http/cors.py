"""Cross-origin headers: a page on one port calls this server on another.

For requests that the guard has let in: an origin that it refuses never gets here.
"""

from ably_local.http.exchange import Request, Response

# ably-js asks with credentials wherever it sends Authorization, and then a browser takes no "*".
# There are no cookies, so a page gains nothing by it that it does not hold already.
_HEADERS = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "Link, Content-Type, X-Ably-Errorcode, X-Ably-Errormessage",
    "Vary": "Origin",
}


def preflight(request: Request) -> Response:
    """The answer to OPTIONS: any method and the headers that were asked for."""
    return Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
            "Access-Control-Allow-Headers": request.headers.get(
                "access-control-request-headers", "*"
            ),
            "Access-Control-Max-Age": "3600",
        },
    )


def allow(request: Request, response: Response) -> None:
    """Let the page that asks, whatever its origin, read the response."""
    origin = request.headers.get("origin")
    if origin is not None:
        response.headers.update(_HEADERS)
        response.headers["Access-Control-Allow-Origin"] = origin
