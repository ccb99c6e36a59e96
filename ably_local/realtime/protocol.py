"""The realtime protocol: dispatch of each protocol message that a client sends."""

from collections.abc import Callable
from typing import Any

from ably_local.base.codec import decode
from ably_local.base.errors import AblyError, NotSupportedError
from ably_local.base.protocol import Action, Flag
from ably_local.core.apps import App
from ably_local.core.channels import check_name
from ably_local.core.connections import Connection, Transport
from ably_local.core.publishing import Sender, publish
from ably_local.core.service import Service
from ably_local.messages.idempotency import PublishResult
from ably_local.realtime.attaching import attach, detach, resync
from ably_local.realtime.membership import apply
from ably_local.realtime.sessions import Sessions

Message = dict[str, Any]

_UNSUPPORTED = {
    Action.OBJECT: "LiveObjects",
    Action.ANNOTATION: "annotations",
}


class Realtime:
    """Handles sockets and their frames; answers through each socket's `Transport`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._sessions = Sessions(service)
        self._handlers: dict[int, Callable[[Connection, Message], None]] = {
            Action.HEARTBEAT: _echo_heartbeat,
            Action.CLOSE: lambda connection, _message: self._sessions.close(connection),
            Action.DISCONNECT: lambda connection, _message: connection.disconnect(None),
            Action.ATTACH: self._attach,
            Action.DETACH: self._detach,
            Action.SYNC: _resync,
            Action.MESSAGE: self._publish,
            Action.PRESENCE: self._presence,
            Action.AUTH: self._authenticate,
        }

    def connect(self, params: dict[str, str], transport: Transport) -> Connection | None:
        """Handle a new socket; returns None if the connection is refused."""
        return self._sessions.connect(params, transport)

    def lose(self, connection: Connection, transport: Transport) -> None:
        """Handle the end of a socket."""
        self._sessions.lose(connection, transport)

    def receive(self, connection: Connection, raw: str | bytes) -> None:
        """Handle one frame; an unreadable frame ends the connection."""
        try:
            message = _read(raw)
        except AblyError as unreadable:
            connection.fail(unreadable)
            return
        error = connection.rates.refuse_frame(publishes=message["action"] == Action.MESSAGE)
        if error is not None:
            connection.fail(error)
            return
        handler = self._handlers.get(message["action"])
        if handler is not None:
            handler(connection, message)
        elif message["action"] in _UNSUPPORTED:
            feature = _UNSUPPORTED[Action(message["action"])]
            _refuse(connection, message, NotSupportedError(feature))

    def _attach(self, connection: Connection, message: Message) -> None:
        try:
            attach(self._app(connection), connection, message)
        except AblyError as error:
            _fail_channel(connection, message, error)

    def _detach(self, connection: Connection, message: Message) -> None:
        try:
            detach(self._app(connection), connection, message)
        except AblyError as error:
            _fail_channel(connection, message, error)

    def _publish(self, connection: Connection, message: Message) -> None:
        def act(msg_serial: int) -> PublishResult:
            params = message.get("params")
            if isinstance(params, dict) and params.get("_forceNack") == "true":
                raise AblyError(40099, 400, "reserved for artificial errors for testing")
            channel, given = check_name(message.get("channel")), message.get("messages")
            if not isinstance(given, list):
                raise AblyError(40001, 400, "invalid message; messages is not an array")
            publisher = Sender(
                identity=connection.identity,
                connection_id=connection.id,
                default_id=f"{connection.id}:{msg_serial}",
            )
            _require_mode(connection, channel)
            connection.rates.admit_publish()
            return publish(self._app(connection), channel, given, publisher)

        _answer(connection, message, act)

    def _presence(self, connection: Connection, message: Message) -> None:
        def act(_msg_serial: int) -> None:
            apply(self._app(connection), connection, message)

        _answer(connection, message, act)

    def _authenticate(self, connection: Connection, message: Message) -> None:
        auth = message.get("auth")
        token = auth.get("accessToken") if isinstance(auth, dict) else None
        self._sessions.reauthenticate(connection, token)

    def _app(self, connection: Connection) -> App:
        return self._service.app(connection.identity.app_id)


def _resync(connection: Connection, message: Message) -> None:
    try:
        resync(connection, message)
    except AblyError as error:
        _fail_channel(connection, message, error)


def _require_mode(connection: Connection, channel: str) -> None:
    """Check that an attached channel was attached with the mode PUBLISH."""
    attachment = connection.attachments.get(channel)
    if attachment is None or attachment.modes & Flag.PUBLISH:
        return
    connection.identity.require(attachment.channel.name, "publish")
    raise AblyError(40165, 401, "operation not permitted; the mode PUBLISH was not requested")


def _read(raw: str | bytes) -> Message:
    message = decode(raw, "json" if isinstance(raw, str) else "msgpack")
    if not isinstance(message, dict) or not isinstance(message.get("action"), int):
        raise AblyError(80013, 400, "protocol error; not a protocol message")
    if message.get("msgSerial") is None:
        message["msgSerial"] = 0
    msg_serial = message["msgSerial"]
    if not isinstance(msg_serial, int) or not 0 <= msg_serial < 2**63:
        raise AblyError(80013, 400, "protocol error; msgSerial is not a count")
    return message


def _answer(
    connection: Connection, message: Message, act: Callable[[int], PublishResult | None]
) -> None:
    """Send ACK or NACK; a message that was acknowledged before is acknowledged again."""
    msg_serial = message["msgSerial"]
    if msg_serial in connection.answers:
        result = connection.answers[msg_serial]
    else:
        try:
            result = act(msg_serial)
        except AblyError as error:
            _refuse(connection, message, error)
            return
        connection.remember(msg_serial, result)
    serials = [{"serials": result.serials}] if result else None
    connection.send(Action.ACK, msgSerial=msg_serial, count=1, res=serials)


def _refuse(connection: Connection, message: Message, error: AblyError) -> None:
    connection.send(Action.NACK, msgSerial=message["msgSerial"], count=1, error=error.info())


def _fail_channel(connection: Connection, message: Message, error: AblyError) -> None:
    channel = message.get("channel")
    if not isinstance(channel, str):
        connection.fail(error)
        return
    # A client that is sent DETACHED tries again; one whose channel failed does not.
    action = Action.DETACHED if error.status == 429 else Action.ERROR
    connection.send(action, channel=channel, error=error.info())


def _echo_heartbeat(connection: Connection, message: Message) -> None:
    given = message.get("id")
    connection.send(Action.HEARTBEAT, id=given if isinstance(given, str) else None)
