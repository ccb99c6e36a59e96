"""One client's connection, from the first CONNECTED to its end, over any number of sockets.

A connection that lost its socket stays for `connection_ttl_ms`. A client resumes from the histories
of its channels, so a lost connection occupies only its own entry here.
"""

import re
from collections import OrderedDict
from typing import Any, Protocol

from ably_local.auth.keys import Identity, random_id
from ably_local.base.clock import Timer
from ably_local.base.codec import Format, encode
from ably_local.base.errors import AblyError
from ably_local.base.protocol import Action
from ably_local.core.channels import Attachment, Channel
from ably_local.core.limits import InboundRates
from ably_local.messages.idempotency import PublishResult

# A resuming client resends messages that were not acknowledged; this many answers are kept for it.
REMEMBERED_ANSWERS = 1000

_KEY = re.compile(r"(\w{10})!(\w{16})-\d+")


class Transport(Protocol):
    """The WebSocket of a connection."""

    format: Format

    def send(self, frame: str | bytes) -> None:
        """Queue one frame; frames go out in order."""

    def close(self) -> None:
        """Close the socket after sending all queued frames."""


def parse_connection_key(key: str) -> tuple[str, str] | None:
    """The connectionId and secret of a connection key; None if it is malformed."""
    match = _KEY.fullmatch(key)
    return (match[1], match[2]) if match else None


class Connection:
    """The state of a connectionId."""

    def __init__(
        self, identity: Identity, transport: Transport, *, echo: bool, rates: InboundRates
    ) -> None:
        self.id = random_id(10)
        self.secret = random_id(16)
        self.identity = identity
        self.echo = echo
        self.rates = rates
        self.attachments: dict[str, Attachment] = {}
        self.presence_channels: dict[Channel, None] = {}
        self.answers: OrderedDict[int, PublishResult | None] = OrderedDict()
        self.timers: dict[str, Timer] = {}
        self.grace_ms = 0
        self.spoke = False
        self._sockets = 1
        self._transport: Transport | None = transport
        self._format: Format = transport.format

    @property
    def key(self) -> str:
        """The connection key, with which the client resumes; it changes with each socket.

        Older keys stay valid, because the client may not have received the newer one.
        """
        return f"{self.id}!{self.secret}-{self._sockets}"

    @property
    def format(self) -> Format:
        """The encoding of the client's frames."""
        return self._format

    @property
    def transport(self) -> Transport | None:
        """The current socket, if any."""
        return self._transport

    def take(self, transport: Transport, identity: Identity, *, echo: bool) -> None:
        """Continue over another socket; closes the previous one if it is still open."""
        self.drop()
        self._sockets += 1
        self._transport, self._format = transport, transport.format
        self.identity, self.echo = identity, echo

    def drop(self) -> None:
        """Release the socket and the attachments that delivered to it."""
        transport, self._transport = self._transport, None
        for attachment in self.attachments.values():
            attachment.channel.attachments.pop(attachment, None)
        self.attachments.clear()
        if transport is not None:
            transport.close()

    def send_frame(self, frame: str | bytes) -> None:
        """Send an encoded protocol message."""
        if self._transport is not None:
            self._transport.send(frame)
            self.spoke = True

    def send(self, action: Action, **fields: Any) -> None:
        """Send a protocol message, without the fields that are None."""
        message = {"action": action}
        message.update((name, value) for name, value in fields.items() if value is not None)
        self.send_frame(encode(message, self._format))

    def fail(self, error: AblyError) -> None:
        """Close the socket with a permanent error: the client does not reconnect."""
        self.send(Action.ERROR, error=error.info())
        if self._transport is not None:
            self._transport.close()

    def disconnect(self, error: AblyError | None) -> None:
        """Close the socket; the client may reconnect."""
        self.send(Action.DISCONNECTED, error=error.info() if error else None)
        if self._transport is not None:
            self._transport.close()

    def remember(self, msg_serial: int, answer: PublishResult | None) -> None:
        """Record the answer to a publish or presence message, in case the client resends it."""
        self.answers[msg_serial] = answer
        if len(self.answers) > REMEMBERED_ANSWERS:
            self.answers.popitem(last=False)

    def cancel_timers(self) -> None:
        """Cancel all timers of this connection."""
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()
