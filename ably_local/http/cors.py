"""Cross-origin headers: they allow a page on one port to call this server on another.

They apply only to requests that the guard accepted: the guard checks the origin first.
"""

from ably_local.http.exchange import Request, Response

# ably-js sends credentials together with Authorization; browsers then reject "*" as the origin.
# The server sets no cookies, so allowing credentials gives a page nothing that it does not have.
_HEADERS = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "Link, Content-Type, X-Ably-Errorcode, X-Ably-Errormessage",
    "Vary": "Origin",
}


def preflight(request: Request) -> Response:
    """The answer to OPTIONS: any method, and the headers that the request names."""
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
    """Allow the requesting page to read the response, from any origin."""
    origin = request.headers.get("origin")
    if origin is not None:
        response.headers.update(_HEADERS)
        response.headers["Access-Control-Allow-Origin"] = origin
