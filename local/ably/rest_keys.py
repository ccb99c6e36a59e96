"""REST of a key: tokens for it."""

from local.ably import http
from local.ably.errors import AblyError
from local.ably.http import Request, Response
from local.ably.service import Service


def request_token(service: Service, request: Request, key_name: str) -> Response:
    """POST /keys/{keyName}/requestToken: a TokenRequest, or anything that shows the key."""
    key = service.key(key_name)
    shown, _ = http.credentials(request)
    trusted = False
    if shown is not None:
        identity = service.identify_key(shown)
        if identity.key is not key:
            raise AblyError(40102, 401, "incompatible credentials; the key is not that of the path")
        trusted = True
    token = service.app(key.app_id).tokens.request(key, request.object(), trusted=trusted)
    return Response(status=201, value=token.details())
