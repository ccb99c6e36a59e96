"""JSON and msgpack, as the SDKs write and read them."""

import base64
import json
from typing import Any, Literal

import msgpack  # type: ignore[import-untyped]  # it carries no types

from local.ably.errors import AblyError

Format = Literal["json", "msgpack"]

_MAX_DEPTH = 64
_to_json = json.JSONEncoder(
    separators=(",", ":"),
    ensure_ascii=False,
    default=lambda value: base64.b64encode(value).decode(),
).encode


def encode(value: Any, fmt: Format) -> str | bytes:
    """One frame or body: text for JSON, bytes for msgpack."""
    if fmt == "json":
        return _to_json(value)
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def decode(raw: str | bytes, fmt: Format) -> Any:
    """Read one frame or body.

    Raises:
        AblyError: 40001, it is not what it says it is.
    """
    try:
        value = json.loads(raw) if fmt == "json" else _unpack(raw)
    except (ValueError, RecursionError, msgpack.UnpackException) as error:
        raise AblyError(40001, 400, f"invalid request body; it is not {fmt}") from error
    return value


def _unpack(raw: str | bytes) -> Any:
    raw = raw.encode() if isinstance(raw, str) else raw
    try:
        return msgpack.unpackb(raw, raw=False)
    except UnicodeDecodeError:
        # ably-python's REST client writes bytes as strings of the older msgpack specification.
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
        return {key: _restore_bytes(item, depth + 1) for key, item in value.items()}
    return value
