"""Messages: validation of what publishers send, and encoding for both wire formats.

Inside the server a message is a dict in wire form whose `data` is a string, or bytes without
base64. JSON and msgpack subscribers therefore each receive the native form of the same message.
"""

import base64
import binascii
import json
import re
from typing import Any

from ably_local.base.errors import AblyError, NotSupportedError
from ably_local.messages.extras import check_extras

Message = dict[str, Any]

_INDEXED_ID = re.compile(r"(.+):(\d+)")
_TEXT_FIELDS = {"name": 40016, "id": 40007, "clientId": 40012, "encoding": 40013}


def parse(given: object) -> Message:
    """A message as a publisher sent it, reduced to the fields that publishers set.

    Raises:
        AblyError: 400xx, if a field has a wrong type; 50100, if it asks for an unsupported feature.
    """
    if not isinstance(given, dict):
        raise AblyError(40001, 400, "invalid message; it is not an object")
    if given.get("action") not in (None, 0):
        raise NotSupportedError("message updates, deletes and appends")
    message: Message = {}
    for field, code in _TEXT_FIELDS.items():
        value = given.get(field)
        if value is not None:
            if not isinstance(value, str):
                raise AblyError(code, 400, f"invalid message; {field} is not a string")
            message[field] = value
    _take_data(given.get("data"), message)
    extras = given.get("extras")
    if extras is not None:
        check_extras(extras)
        message["extras"] = extras
    return message


def parse_all(given: object, *, most: int) -> list[Message]:
    """The messages of one publish: a message or an array of them.

    Raises:
        AblyError: as `parse`; 40034, if there are too many; 40031, if the ids are inconsistent.
    """
    items = given if isinstance(given, list) else [given]
    if not items:
        raise AblyError(40001, 400, "invalid publish request; there is no message")
    if len(items) > most:
        raise AblyError(40034, 400, f"invalid publish request; more than {most} messages")
    messages = [parse(item) for item in items]
    _check_ids(messages)
    if len({_is_ephemeral(message) for message in messages}) > 1:
        raise AblyError(40032, 400, "invalid extras; ephemeral must be the same in an array")
    return messages


def size(messages: list[Message]) -> int:
    """The size that counts against the limit: name, clientId, data and extras, in bytes."""
    return sum(map(_size, messages))


def is_ephemeral(messages: list[Message]) -> bool:
    """Whether the publish is excluded from history, rewind, resume and rules."""
    return _is_ephemeral(messages[0])


def for_json(message: Message) -> Message:
    """The message as encoded in JSON: binary data as base64."""
    data = message.get("data")
    if not isinstance(data, bytes):
        return message
    encoding = message.get("encoding")
    return {
        **message,
        "data": base64.b64encode(data).decode(),
        "encoding": f"{encoding}/base64" if encoding else "base64",
    }


def _take_data(data: object, message: Message) -> None:
    if data is None:
        message.pop("encoding", None)
        return
    encoding = message.get("encoding", "")
    if isinstance(data, dict | list):
        data = _json_text(data)
        encoding = f"{encoding}/json" if encoding else "json"
    elif isinstance(data, str) and encoding.split("/")[-1] == "base64":
        try:
            data = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise AblyError(40013, 400, "invalid message data; it is not base64") from error
        encoding = encoding.rpartition("/")[0]
    elif not isinstance(data, str | bytes):
        raise AblyError(40013, 400, "invalid message data; not a string, binary, object or array")
    message["data"] = data
    message.pop("encoding", None)
    if encoding:
        message["encoding"] = encoding


def _check_ids(messages: list[Message]) -> None:
    ids = [message.get("id") for message in messages]
    if "" in ids:
        raise AblyError(40031, 400, "invalid publish request; the id cannot be empty")
    if len(ids) == 1 or not any(ids):
        return
    base = None
    for index, given in enumerate(ids):
        match = _INDEXED_ID.fullmatch(given or "")
        if match is None or int(match[2]) != index or base not in (None, match[1]):
            msg = "invalid publish request; the ids of an array must be <base>:<index>"
            raise AblyError(40031, 400, msg)
        base = match[1]


def _is_ephemeral(message: Message) -> bool:
    extras = message.get("extras")
    return bool(extras and extras.get("ephemeral"))


def _size(message: Message) -> int:
    data = message.get("data", "")
    total = len(data) if isinstance(data, bytes) else len(data.encode())
    for field in ("name", "clientId"):
        value = message.get(field)
        if value:
            total += len(value.encode())
    extras = message.get("extras")
    if extras:
        total += len(_json_text(extras).encode())
    return total


def _json_text(value: object, *, code: int = 40013) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise AblyError(
            code, 400, "invalid message; it contains an object that JSON cannot encode"
        ) from error
