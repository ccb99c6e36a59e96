"""JSON and msgpack, as the SDKs write and read them."""

import base64
import json
import re
from typing import Any, Literal

import msgpack  # type: ignore[import-untyped]  # it has no type annotations

from ably_local.base.errors import AblyError

Format = Literal["json", "msgpack"]

_MAX_DEPTH = 64
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_to_json = json.JSONEncoder(
    separators=(",", ":"),
    ensure_ascii=False,
    default=lambda value: base64.b64encode(value).decode(),
).encode


def encode(value: Any, fmt: Format) -> str | bytes:
    """Encode one frame or body: text for JSON, bytes for msgpack."""
    if fmt == "json":
        return _to_json(value)
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def decode(raw: str | bytes, fmt: Format) -> Any:
    """Decode one frame or body.

    Raises:
        AblyError: 40001, if it is not valid JSON or msgpack.
    """
    try:
        return _parse(raw) if fmt == "json" else _unpack(raw)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise AblyError(40001, 400, f"invalid request body; it is not valid {fmt}") from error


def _parse(raw: str | bytes) -> Any:
    text = raw if isinstance(raw, str) else raw.decode()
    value = json.loads(text)
    if _SURROGATE.search(text):
        # JSON can spell a lone surrogate, which no other format can encode.
        _to_json(value).encode()
    return value


def _unpack(raw: str | bytes) -> Any:
    raw = raw.encode() if isinstance(raw, str) else raw
    try:
        return msgpack.unpackb(raw, raw=False)
    except UnicodeDecodeError:
        # ably-python's REST client writes bytes as strings of the old msgpack specification.
        return _restore_bytes(msgpack.unpackb(raw, raw=False, unicode_errors="surrogateescape"))


def _restore_bytes(value: Any, depth: int = 0) -> Any:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode(errors="surrogateescape")
        return value
    if isinstance(value, list):
        return [_restore_bytes(item, depth + 1) for item in value]
    if isinstance(value, dict):
        for key in value:
            str(key).encode()
        return {key: _restore_bytes(item, depth + 1) for key, item in value.items()}
    return value
