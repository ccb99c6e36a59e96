"""The members present on a channel, and the SYNC pages that a new subscriber receives."""

from collections.abc import Iterator
from typing import Any

from ably_local.base.protocol import PresenceAction
from ably_local.messages.message import Message

SYNC_PAGE = 100

MemberKey = tuple[str, str]


class Members:
    """Members by connection and client id; a client may be a member once per connection."""

    def __init__(self) -> None:
        self._members: dict[MemberKey, Message] = {}

    def __len__(self) -> int:
        return len(self._members)

    def find(self, connection_id: str, client_id: str) -> Message | None:
        """The member as last entered or updated."""
        return self._members.get((connection_id, client_id))

    def put(self, connection_id: str, client_id: str, item: Message) -> None:
        """Add a member, or replace its entry."""
        self._members[connection_id, client_id] = item

    def remove(self, connection_id: str, client_id: str) -> Message | None:
        """Remove a member; returns its last entry."""
        return self._members.pop((connection_id, client_id), None)

    def of_connection(self, connection_id: str) -> list[str]:
        """The client ids of the members that one connection entered."""
        return [client_id for owner, client_id in self._members if owner == connection_id]

    def present(
        self, *, client_id: str | None = None, connection_id: str | None = None
    ) -> list[Message]:
        """All members with the action PRESENT; optionally only those of a client or connection."""
        return [
            {**item, "action": PresenceAction.PRESENT}
            for (owner, client), item in self._members.items()
            if client_id in (None, client) and connection_id in (None, owner)
        ]

    def sync_pages(self, sync_id: str) -> Iterator[dict[str, Any]]:
        """The channel serial and the members of each SYNC message; the last has an empty cursor."""
        members = self.present()
        starts = range(0, max(1, len(members)), SYNC_PAGE)
        for start in starts:
            cursor = "" if start + SYNC_PAGE >= len(members) else str(start + SYNC_PAGE)
            yield {
                "channelSerial": f"{sync_id}:{cursor}",
                "presence": members[start : start + SYNC_PAGE],
            }
