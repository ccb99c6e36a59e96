"""Cross-origin headers: a page on one port calls this server on another."""

from local.ably.http import Request, Response

_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ("Link, Content-Type, X-Ably-Errorcode, X-Ably-Errormessage"),
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
    """Let a page of any origin read the response."""
    if "origin" in request.headers:
        response.headers.update(_HEADERS)
