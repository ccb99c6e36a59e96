"""Replaces the rule for the real Ably, which cannot call a laptop: subscribes, and invokes.

A bridge is weaker than a rule: messages that are published while it is disconnected for more than
Ably's two minutes do not reach the function.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from ably import AblyException, AblyRealtime
from ably.types.connectionstate import ConnectionState
from ably.types.message import Message

from local.gateway.settings import OUTGOING_CHANNEL

logger = logging.getLogger(__name__)

InvokeEvent = Callable[[dict[str, Any]], None]
RULE_ID = "local-bridge"


class RuleBridge:
    """Passes each message of the outgoing channel to a function, in a rule's envelope."""

    def __init__(self, client: AblyRealtime, *, app_id: str, invoke: InvokeEvent) -> None:
        self._client = client
        self._app_id = app_id
        self._invoke = invoke
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Connect and subscribe; returns when messages are being received.

        Raises:
            AblyException: if Ably refuses the key or the channel.
        """
        self._client.connection.on(self._connection_changed)
        self._connection_changed(None)
        await self._connected
        await self._client.channels.get(OUTGOING_CHANNEL).subscribe(self._received)

    async def stop(self) -> None:
        """Disconnect."""
        # The SDK's close would wait forever for a failed connection to end.
        if self._client.connection.state != ConnectionState.FAILED:
            await self._client.close()

    def _connection_changed(self, _change: Any) -> None:
        connection = self._client.connection
        if connection.state == ConnectionState.FAILED:
            reason = connection.error_reason
            if self._connected.done():
                logger.error("Ably refused the connection permanently; %s", reason)
            else:
                self._connected.set_exception(reason or AblyException("refused", 401, 40100))
        elif connection.state == ConnectionState.CONNECTED and not self._connected.done():
            self._connected.set_result(None)

    def _received(self, message: Message) -> None:
        try:
            self._invoke(envelope(message, app_id=self._app_id))
        except Exception:
            # The SDK would log an exception of a subscriber without the message's id.
            logger.exception("message %s lost, invocation failed", message.id)


def envelope(message: Message, *, app_id: str) -> dict[str, Any]:
    """The event that an aws/lambda rule makes from a message, with its data as on the wire."""
    return {
        "source": "channel.message",
        "appId": app_id,
        "channel": OUTGOING_CHANNEL,
        "site": "local",
        "ruleId": RULE_ID,
        "messages": [message.as_dict()],
    }
