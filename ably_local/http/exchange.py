"""HTTP as the core sees it: requests and responses as plain values, and pagination links."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode

from ably_local.base.codec import Format, decode, encode
from ably_local.base.errors import AblyError

_INTEGER = re.compile(r"[0-9]{1,19}")
_MIME: dict[Format, str] = {"json": "application/json", "msgpack": "application/x-msgpack"}


@dataclass(kw_only=True)
class Request:
    """One HTTP request.

    Attributes:
        target: path and query as sent, percent-encoded.
        headers: by lower-case name.
    """

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        path, _, query = self.target.partition("?")
        # Split before decoding, because a channel name may contain a slash. The Python SDK encodes
        # a space as a plus, the JavaScript SDK as %20; both encode a plus as %2B.
        self.segments = [unquote_plus(segment) for segment in path.strip("/").split("/")]
        self.query = dict(parse_qsl(query, keep_blank_values=True))

    @property
    def response_format(self) -> Format:
        """The format of the response that the client asks for."""
        named = self.query.get("envelope") or self.query.get("format")
        if named is not None:
            return "msgpack" if named == "msgpack" else "json"
        accept = self.headers.get("accept", "")
        first = min(
            (accept.find(mime) if mime in accept else len(accept), fmt)
            for fmt, mime in _MIME.items()
        )
        return first[1]

    @property
    def version(self) -> float:
        """The protocol version that the client speaks; 0 if it names none."""
        try:
            return float(self.headers.get("x-ably-version") or self.query.get("v", "0"))
        except ValueError:
            return 0

    def json(self) -> Any:
        """The decoded body, JSON or msgpack by its content type.

        Raises:
            AblyError: 40001, if it does not decode.
        """
        content_type = self.headers.get("content-type", "")
        return decode(self.body, "msgpack" if _MIME["msgpack"] in content_type else "json")

    def object(self) -> dict[str, Any]:
        """The decoded body, which must be an object; an empty body counts as an empty object.

        Raises:
            AblyError: 40001, if it is not an object.
        """
        value = self.json() if self.body else {}
        if not isinstance(value, dict):
            raise AblyError(40001, 400, "invalid request body; it is not an object")
        return value

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 2**62) -> int:
        """An integer parameter of the query.

        Raises:
            AblyError: 40003, if it is not an integer or out of bounds.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if not _INTEGER.fullmatch(text) or not least <= int(text) <= most:
            raise AblyError(
                40003, 400, f"invalid parameter {name}; it must be from {least} to {most}"
            )
        return int(text)


@dataclass(kw_only=True)
class Response:
    """One HTTP response.

    Attributes:
        value: the body, encoded later in the client's format; None for no body.
    """

    status: int = 200
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def render(self, fmt: Format) -> tuple[bytes, dict[str, str]]:
        """The body and all headers."""
        if self.value is None:
            return b"", self.headers
        body = encode(self.value, fmt)
        body = body.encode() if isinstance(body, str) else body
        return body, {"Content-Type": _MIME[fmt], **self.headers}


def failure(error: AblyError, *, details: dict[str, Any] | None = None) -> Response:
    """The response for an error."""
    return Response(
        status=error.status,
        value={"error": error.info(), **(details or {})},
        headers={
            "X-Ably-Errorcode": str(error.code),
            "X-Ably-Errormessage": error.message.encode("ascii", "replace").decode(),
        },
    )


def not_found(request: Request) -> AblyError:
    """The error for a path that does not exist."""
    path = "/" + "/".join(request.segments)
    return AblyError(40400, 404, f"could not find path: {request.method} {path}")


def envelope(response: Response) -> Response:
    """The response with its status and headers inside the body (`envelope=json`)."""
    wrapped = {
        "statusCode": response.status,
        "headers": response.headers,
        "response": response.value,
    }
    return Response(value=wrapped)


def page(request: Request, items: list[Any], cursor: str | None) -> Response:
    """One page of a list, with links that both SDKs parse.

    The links are relative to the last segment of the path. Commas are percent-encoded, because
    ably-js splits the header at commas.
    """
    name = quote(request.segments[-1], safe="")
    own = {key: value for key, value in request.query.items() if key not in _CREDENTIALS}
    start = {key: value for key, value in own.items() if key != "cursor"}
    links = [_link(name, start, "first"), _link(name, own, "current")]
    if cursor is not None:
        links.append(_link(name, {**start, "cursor": cursor}, "next"))
    return Response(value=items, headers={"Link": ", ".join(links)})


_CREDENTIALS = frozenset({"key", "access_token", "accessToken"})


def credentials(request: Request) -> tuple[str | None, str | None]:
    """The key and the token of a request; at least one of them is None.

    Raises:
        AblyError: 40101, if the header does not decode; 40004, if its scheme is unknown.
    """
    header = request.headers.get("authorization")
    if header is None:
        query = request.query
        return query.get("key"), query.get("access_token") or query.get("accessToken")
    scheme, _, value = header.partition(" ")
    match scheme.lower():
        case "basic":
            return decode_base64(value), None
        case "bearer":
            return None, value.strip() if "." in value else decode_base64(value)
    raise AblyError(40004, 400, "invalid header; Authorization is neither Basic nor Bearer")


def decode_base64(value: str) -> str:
    """Decode text from base64.

    Raises:
        AblyError: 40101, if it is not base64 of UTF-8 text.
    """
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise AblyError(40101, 401, "invalid credentials; not base64") from error


def _link(name: str, query: dict[str, str], rel: str) -> str:
    return f'<./{name}?{urlencode(query)}>; rel="{rel}"'
