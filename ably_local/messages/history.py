"""A channel's history: its publications in order, limited in time and number.

One log serves history, rewind and continuity after a reconnect. `dropped_until` is the serial up
to which publications were dropped; a client with an older position has lost continuity.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ably_local.base.codec import Format, encode
from ably_local.base.protocol import Action
from ably_local.messages.message import Message, for_json

Kind = Literal["messages", "presence"]

_ACTIONS = {"messages": Action.MESSAGE, "presence": Action.PRESENCE}


@dataclass(eq=False, slots=True, kw_only=True)
class Publication:
    """One accepted publish or presence event, as all subscribers of the channel receive it.

    Attributes:
        items: the messages or presence messages, each with its id.
        connection_id: the publisher's connection; None for REST.
    """

    kind: Kind
    id: str
    serial: str
    timestamp_ms: int
    items: list[Message]
    connection_id: str | None = None
    _frames: dict[tuple[str, Format], str | bytes] = field(default_factory=dict)

    def frame(self, channel: str, fmt: Format) -> str | bytes:
        """The protocol message for a subscriber; encoded once per format for all subscribers."""
        frame = self._frames.get((channel, fmt))
        if frame is None:
            frame = self._frames[channel, fmt] = encode(self._protocol_message(channel, fmt), fmt)
        return frame

    def forget_frames(self) -> None:
        """Drop the encoded frames after delivery."""
        self._frames.clear()

    def history_items(self) -> Iterator[Message]:
        """The items as REST returns them: each one complete."""
        whole: dict[str, Any] = {"timestamp": self.timestamp_ms}
        if self.connection_id is not None:
            whole["connectionId"] = self.connection_id
        return ({**item, **whole} for item in self.items)

    def _protocol_message(self, channel: str, fmt: Format) -> dict[str, Any]:
        message: dict[str, Any] = {
            "action": _ACTIONS[self.kind],
            "id": self.id,
            "channel": channel,
            "channelSerial": self.serial,
            "timestamp": self.timestamp_ms,
        }
        if self.connection_id is not None:
            message["connectionId"] = self.connection_id
        message[self.kind] = list(map(for_json, self.items)) if fmt == "json" else self.items
        return message


@dataclass(frozen=True, kw_only=True)
class HistoryQuery:
    """One page of history.

    Attributes:
        start_ms: earliest timestamp, inclusive.
        end_ms: latest timestamp, inclusive.
        up_to: a channelSerial; the page ends with the publication that has it.
        cursor: `<channelSerial>:<index>` of the previous page's last item.
    """

    start_ms: int = 0
    end_ms: int = 2**62
    forwards: bool = False
    limit: int = 100
    up_to: str | None = None
    cursor: str | None = None


class ChannelLog:
    """The publications of one channel, oldest first."""

    def __init__(self, *, birth: str, keep_ms: int, keep_messages: int) -> None:
        self.dropped_until = birth
        self.head = birth
        self.keep_ms = keep_ms
        self._keep_messages = keep_messages
        self._entries: deque[Publication] = deque()
        self._count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, publication: Publication) -> None:
        """Append a publication and drop those beyond the limits."""
        self._entries.append(publication)
        self._count += len(publication.items)
        self.head = publication.serial
        self.trim(publication.timestamp_ms)

    def trim(self, now_ms: int) -> None:
        """Drop publications beyond the limits of age and number."""
        entries = self._entries
        while entries and (
            entries[0].timestamp_ms <= now_ms - self.keep_ms or self._count > self._keep_messages
        ):
            oldest = entries.popleft()
            self._count -= len(oldest.items)
            self.dropped_until = oldest.serial

    def since(self, serial: str) -> list[Publication] | None:
        """All publications after a position, in order; None if some may have been dropped."""
        if serial < self.dropped_until:
            return None
        later: list[Publication] = []
        for entry in reversed(self._entries):
            if entry.serial <= serial:
                break
            later.append(entry)
        later.reverse()
        return later

    def rewind(self, *, most: int, since_ms: int = 0) -> tuple[list[Publication], bool]:
        """The last publications of messages, oldest first, and whether there were more than `most`.

        A publication is atomic: it counts as many as its messages, and it is split only if it
        exceeds `most` by itself.
        """
        chosen: list[Publication] = []
        count = 0
        for entry in reversed(self._entries):
            if entry.kind != "messages":
                continue
            if entry.timestamp_ms < since_ms:
                break
            if count >= most:
                return chosen[::-1], True
            count += len(entry.items)
            chosen.append(entry if count <= most else _tail(entry, len(entry.items) - count + most))
        return chosen[::-1], count > most

    def page(self, kind: Kind, query: HistoryQuery) -> tuple[list[Message], str | None]:
        """The items of one page, and the cursor of the next page if there is one."""
        found: list[Message] = []
        last = ""
        for cursor, item in self._walk(kind, query):
            if len(found) == query.limit:
                return found, last
            found.append(item)
            last = cursor
        return found, None

    def _walk(self, kind: Kind, query: HistoryQuery) -> Iterator[tuple[str, Message]]:
        for entry in self._entries if query.forwards else reversed(self._entries):
            if entry.kind != kind or (query.up_to is not None and entry.serial > query.up_to):
                continue
            if not query.start_ms <= entry.timestamp_ms <= query.end_ms:
                continue
            items: Iterable[tuple[int, Message]] = enumerate(entry.history_items())
            if not query.forwards:
                items = reversed(list(items))
            for index, item in items:
                cursor = f"{entry.serial}:{index:03d}"
                if query.cursor is None or (
                    cursor > query.cursor if query.forwards else cursor < query.cursor
                ):
                    yield cursor, item


def _tail(entry: Publication, count: int) -> Publication:
    return Publication(
        kind=entry.kind,
        id=entry.id,
        serial=entry.serial,
        timestamp_ms=entry.timestamp_ms,
        items=entry.items[-count:],
        connection_id=entry.connection_id,
    )
