"""Decodes a message's `data` from any form that Ably's rule sends into an object."""

import base64
import binascii
import json
from typing import Any

from lambdas.ingest.commands import Reason
from lambdas.ingest.validation import UnacceptableError

_KNOWN_STEPS = frozenset({"json", "utf-8", "base64"})


def decode(data: object, encoding: object) -> dict[str, Any]:
    """The object that the publisher sent.

    Ably's chain of encodings reads from right to left: `json/utf-8/base64` is base64 on the
    outside. Text that remains at its end is read as JSON even if the chain does not say so,
    because a publisher may have serialized the object itself.

    Raises:
        UnacceptableError: the data has another form, or does not decode to an object.
    """
    if isinstance(data, dict):  # the rule has decoded it
        return data
    if not isinstance(data, str):
        raise UnacceptableError(Reason.INVALID_DATA, "the data is not an object")
    value: str | bytes = data
    for step in reversed(_steps(encoding)):
        if step == "base64":  # the other two are undone by the parsing below
            value = _base64(value)
    decoded = _json(value)
    if not isinstance(decoded, dict):
        raise UnacceptableError(Reason.INVALID_DATA, "the data is not an object")
    return decoded


def _steps(encoding: object) -> list[str]:
    if encoding is None or encoding == "":
        return []
    if not isinstance(encoding, str):
        raise UnacceptableError(Reason.UNKNOWN_ENCODING, "the encoding is not a string")
    steps = encoding.split("/")
    if not _KNOWN_STEPS.issuperset(steps):
        raise UnacceptableError(
            Reason.UNKNOWN_ENCODING, "the encoding uses more than json, utf-8 and base64"
        )
    return steps


def _base64(value: str | bytes) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise UnacceptableError(Reason.INVALID_BASE64, "the data is not base64") from None


def _json(value: str | bytes) -> object:
    try:
        # Only UTF-8: json.loads would guess UTF-16 and UTF-32 from bytes.
        text = value if isinstance(value, str) else value.decode()
        decoded: object = json.loads(text)
    except (ValueError, RecursionError):
        raise UnacceptableError(Reason.INVALID_JSON, "the data is not JSON") from None
    return decoded
