"""One client's connection, from its first CONNECTED to its end, over any number of sockets.

A connection whose socket is gone stays for `connection_ttl_ms`. The channels' logs are what it
resumes from, so a cut connection costs nothing but its entry here.
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

# A client that resumes sends again what it has no answer to; this many answers are kept for it.
REMEMBERED_ANSWERS = 1000

_KEY = re.compile(r"(\w{10})!(\w{16})-\d+")


class Transport(Protocol):
    """The socket under a connection."""

    format: Format

    def send(self, frame: str | bytes) -> None:
        """Put one frame on its way, in order."""

    def close(self) -> None:
        """End the socket once everything sent before is out."""


def parse_connection_key(key: str) -> tuple[str, str] | None:
    """The connectionId and the secret of a connection key; None where it is malformed."""
    match = _KEY.fullmatch(key)
    return (match[1], match[2]) if match else None


class Connection:
    """The state that belongs to a connectionId."""

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
        """The connection key, with which the client resumes; another over each socket.

        An older one is accepted, too: the client may not have heard of the newer.
        """
        return f"{self.id}!{self.secret}-{self._sockets}"

    @property
    def format(self) -> Format:
        """How frames for the client are encoded."""
        return self._format

    @property
    def transport(self) -> Transport | None:
        """The socket of now, if there is one."""
        return self._transport

    def take(self, transport: Transport, identity: Identity, *, echo: bool) -> None:
        """Go on over another socket; one that is still open is closed."""
        self.drop()
        self._sockets += 1
        self._transport, self._format = transport, transport.format
        self.identity, self.echo = identity, echo

    def drop(self) -> None:
        """Let go of the socket and of the attachments that delivered to it."""
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
        """Send a protocol message; fields that are None are left out."""
        message = {"action": action}
        message.update((name, value) for name, value in fields.items() if value is not None)
        self.send_frame(encode(message, self._format))

    def fail(self, error: AblyError) -> None:
        """End the socket, telling the client that it is for good and why."""
        self.send(Action.ERROR, error=error.info())
        if self._transport is not None:
            self._transport.close()

    def disconnect(self, error: AblyError | None) -> None:
        """End the socket of a client that may come back."""
        self.send(Action.DISCONNECTED, error=error.info() if error else None)
        if self._transport is not None:
            self._transport.close()

    def remember(self, msg_serial: int, answer: PublishResult | None) -> None:
        """Note the answer to a publish or presence message, for when it is sent again."""
        self.answers[msg_serial] = answer
        if len(self.answers) > REMEMBERED_ANSWERS:
            self.answers.popitem(last=False)

    def cancel_timers(self) -> None:
        """Cancel all that was scheduled for this connection."""
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()
