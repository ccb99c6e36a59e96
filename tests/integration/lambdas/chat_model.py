"""What the chat tables must hold after an event, said without SQL and without the function's code.

It decides of each message what docs/configuration.md says, and knows nothing of reasons.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

CONTENT_BYTES, USERNAME_BYTES, ID_BYTES = 16_384, 256, 1024
NEW = (None, 0, "create", "message.create", "message.created")

Row = tuple[str, str, str, str | None, int, bool]  # the first columns, but for the number


class RejectedError(Exception):
    """The message can never be written."""


@dataclass
class Wish:
    """What one message asks for."""

    name: str
    id: str
    client_id: str | None
    timestamp: int
    target: str = ""
    username: str = ""
    content: str = ""


@dataclass
class Kept:
    """A row of chat_data, with the time and id of its last edit."""

    wish: Wish
    content: str
    edited_by: tuple[int, str] | None = None


@dataclass
class Chat:
    """The chat tables.

    Attributes:
        rows: by message id, in the order written.
        deleted: ids of messages that are gone.
    """

    rows: dict[str, Kept] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def table(self) -> list[Row]:
        """What a SELECT finds."""
        return [
            (
                kept.wish.username,
                kept.wish.id,
                kept.content,
                kept.wish.client_id,
                kept.wish.timestamp,
                kept.edited_by is not None,
            )
            for kept in self.rows.values()
        ]

    def misses(self, wishes: Iterable[Wish]) -> set[str]:
        """Targets of edits and deletes that are not there, nor ever were, nor come with these."""
        wishes = list(wishes)
        known = {*self.rows, *self.deleted, *(wish.id for wish in wishes if wish.name == "chatMsg")}
        return {wish.target for wish in wishes if wish.name != "chatMsg"} - known

    def take(self, wishes: Iterable[Wish]) -> None:
        """Write, then edit, then delete."""
        wishes = list(wishes)
        for wish in wishes:
            if wish.name == "chatMsg" and wish.id not in self.deleted:
                self.rows.setdefault(wish.id, Kept(wish, wish.content))
        for wish in wishes:
            kept = self.rows.get(wish.target)
            if wish.name == "editedMsg" and kept and kept.wish.client_id == wish.client_id:
                order = (wish.timestamp, wish.id)
                if kept.edited_by is None or order > kept.edited_by:
                    kept.content, kept.edited_by = wish.content, order
        for wish in wishes:
            kept = self.rows.get(wish.target)
            if wish.name == "deletedMsg" and kept and kept.wish.client_id == wish.client_id:
                del self.rows[wish.target]
                self.deleted.add(wish.target)


def sorted_out(event: Any) -> tuple[list[Wish], list[Any]]:
    """What an event's messages ask for, and the originals of what is to be rejected."""
    messages = event.get("messages") if isinstance(event, dict) else None
    if not isinstance(messages, list) or not messages or event.get("source") != "channel.message":
        return [], [event]
    wishes: list[Wish] = []
    rejected: list[Any] = []
    for message in messages:
        try:
            wishes.append(_wish(message))
        except RejectedError:
            rejected.append(message)
    return wishes, rejected


def _wish(message: Any) -> Wish:
    _insist(isinstance(message, dict))
    _insist(message.get("action") in NEW)
    name, timestamp = message.get("name"), message.get("timestamp")
    _insist(type(timestamp) is int and 0 <= timestamp < 2**53)
    _insist(name in ("chatMsg", "editedMsg", "deletedMsg"))
    data = _data(message.get("data"), message.get("encoding"))
    client_id = message.get("clientId")
    wish = Wish(name, _text(message.get("id"), 1, ID_BYTES), None, timestamp)
    if name != "chatMsg" or client_id not in (None, ""):
        wish.client_id = _text(client_id, 1, ID_BYTES)
    if name == "chatMsg":
        wish.username = _text(data.get("username"), 0, USERNAME_BYTES)
    else:
        target = data.get("msgIdToEdit" if name == "editedMsg" else "msgIdToDelete")
        wish.target = _text(target, 1, ID_BYTES)
    if name != "deletedMsg":
        wish.content = _text(data.get("content"), 0, CONTENT_BYTES)
    return wish


def _text(value: Any, least: int, most: int) -> str:
    """A text that Postgres can store, of so many bytes."""
    _insist(isinstance(value, str) and "\0" not in value)
    size = len(value.encode(errors="surrogatepass"))
    _insist(
        least <= size <= most and not any("\ud800" <= character <= "\udfff" for character in value)
    )
    return str(value)


def _data(data: Any, encoding: Any) -> dict[str, Any]:
    if isinstance(data, dict):
        return data
    _insist(isinstance(data, str) and (encoding is None or isinstance(encoding, str)))
    for step in _outermost_first(encoding or ""):
        _insist(step in {"json", "utf-8", "base64"})
        if step == "base64":
            data = _or_rejected(base64.b64decode, data, validate=True)
    text = _or_rejected(bytes.decode, data) if isinstance(data, bytes) else data
    value = _or_rejected(json.loads, text)
    _insist(isinstance(value, dict))
    return dict(value)


def _outermost_first(encoding: str) -> Iterator[str]:
    return reversed(encoding.split("/")) if encoding else iter(())


def _or_rejected(function: Any, value: Any, **options: Any) -> Any:
    try:
        return function(value, **options)
    except (ValueError, RecursionError):
        raise RejectedError from None


def _insist(condition: object) -> None:
    if not condition:
        raise RejectedError
