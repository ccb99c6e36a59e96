"""Validates single fields of a message: type, text, length."""

from typing import Any

from lambdas.ingest.commands import Reason

MAX_ID_BYTES = 1024  # a primary key must fit in an index entry, 2,704 bytes
MAX_TIMESTAMP_MS = 2**53 - 1  # the page compares timestamps as JavaScript numbers


class UnacceptableError(Exception):
    """The message can never be written; the parser turns this into a Reject.

    Attributes:
        reason: stable code.
        detail: one sentence for a person, without any value of the message.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def text(values: dict[str, Any], key: str, *, max_bytes: int) -> str:
    """A string of the message's data that Postgres can store.

    Raises:
        UnacceptableError: absent, not a string, too long, or not storable.
    """
    if values.get(key) is None:
        raise UnacceptableError(Reason.MISSING_FIELD, f"the data has no {key}")
    return _checked(values[key], key, max_bytes=max_bytes)


def identifier(values: dict[str, Any], key: str, missing: Reason) -> str:
    """A required id that is not empty.

    Raises:
        UnacceptableError: absent, empty, not a string, too long, or not storable.
    """
    value = values.get(key)
    if value is None or value == "":
        raise UnacceptableError(missing, f"there is no {key}")
    return _checked(value, key, max_bytes=MAX_ID_BYTES)


def optional_identifier(values: dict[str, Any], key: str) -> str | None:
    """An id, or None if it is absent or empty.

    Raises:
        UnacceptableError: not a string, too long, or not storable.
    """
    value = values.get(key)
    return None if value is None or value == "" else _checked(value, key, max_bytes=MAX_ID_BYTES)


def timestamp_ms(message: dict[str, Any]) -> int:
    """Ably's timestamp of the message.

    Raises:
        UnacceptableError: absent, or not a whole number of milliseconds that JavaScript can hold.
    """
    value = message.get("timestamp")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_TIMESTAMP_MS:
        raise UnacceptableError(
            Reason.INVALID_TIMESTAMP, "timestamp is not a whole number of milliseconds"
        )
    return value


def _checked(value: object, key: str, *, max_bytes: int) -> str:
    if not isinstance(value, str):
        raise UnacceptableError(Reason.INVALID_TEXT, f"{key} is not a string")
    if "\0" in value:
        raise UnacceptableError(Reason.INVALID_TEXT, f"{key} contains a NUL character")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise UnacceptableError(
            Reason.INVALID_TEXT, f"{key} contains half of a surrogate pair"
        ) from None
    if size > max_bytes:
        raise UnacceptableError(
            Reason.TOO_LONG, f"{key} has {size} bytes, more than the {max_bytes} allowed"
        )
    return value
