"""The settings that the page reads from `/config.json`: its functions, channels and Ably server."""

from dataclasses import asdict, dataclass
from typing import Any

OUTGOING_CHANNEL = "outgoing-chat"
INCOMING_CHANNEL = "incoming-chat"
AUTH_PATH = "/auth"
MESSAGES_PATH = "/messages"


@dataclass(frozen=True)
class AblyAddress:
    """The address of the local Ably, in the names of ably-js's client options."""

    endpoint: str
    port: int
    tls: bool = False


@dataclass(frozen=True)
class PageSettings:
    """The page's settings; without an Ably address the page connects to the real Ably."""

    ably: AblyAddress | None

    def to_json(self) -> dict[str, Any]:
        """The document that the page reads."""
        return {
            "authUrl": AUTH_PATH,
            "messagesUrl": MESSAGES_PATH,
            "outgoingChannel": OUTGOING_CHANNEL,
            "incomingChannel": INCOMING_CHANNEL,
            "ably": asdict(self.ably) if self.ably else None,
        }
