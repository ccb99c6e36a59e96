"""A rule's part for the real Ably, which cannot call a laptop: subscribe, and invoke the function.

A bridge is no rule: what is published while it is not connected, for more than Ably's two minutes,
does not reach the function.
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
    """Hands each message of the outgoing channel to a function, in a rule's envelope."""

    def __init__(self, client: AblyRealtime, *, app_id: str, invoke: InvokeEvent) -> None:
        self._client = client
        self._app_id = app_id
        self._invoke = invoke
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Connect and subscribe; returns once messages are being received.

        Raises:
            AblyException: Ably refused the key or the channel.
        """
        self._client.connection.on(self._connection_changed)
        self._connection_changed(None)
        await self._connected
        await self._client.channels.get(OUTGOING_CHANNEL).subscribe(self._received)

    async def stop(self) -> None:
        """Disconnect."""
        # The SDK's close would wait for ever for the end of a connection that has failed.
        if self._client.connection.state != ConnectionState.FAILED:
            await self._client.close()

    def _connection_changed(self, _change: Any) -> None:
        connection = self._client.connection
        if connection.state == ConnectionState.FAILED:
            reason = connection.error_reason
            if self._connected.done():
                logger.error("Ably refuses the connection for good; %s", reason)
            else:
                self._connected.set_exception(reason or AblyException("refused", 401, 40100))
        elif connection.state == ConnectionState.CONNECTED and not self._connected.done():
            self._connected.set_result(None)

    def _received(self, message: Message) -> None:
        try:
            self._invoke(envelope(message, app_id=self._app_id))
        except Exception:
            # A subscriber that raises would be logged by the SDK without the message's id.
            logger.exception("message %s did not reach the function", message.id)


def envelope(message: Message, *, app_id: str) -> dict[str, Any]:
    """The event that an aws/lambda rule makes of a message, its data encoded as on the wire."""
    return {
        "source": "channel.message",
        "appId": app_id,
        "channel": OUTGOING_CHANNEL,
        "site": "local",
        "ruleId": RULE_ID,
        "messages": [message.as_dict()],
    }
