"""Parses the event of an Ably `aws/lambda` rule into commands and rejects; pure functions.

Each message of an event becomes a command or a reject, whatever JSON the event contains.
"""

from typing import Any, Final

from lambdas.ingest import validation
from lambdas.ingest.commands import Batch, Command, Delete, Edit, Reason, Reject, Write
from lambdas.ingest.decoding import decode
from lambdas.ingest.settings import Limits
from lambdas.ingest.validation import UnacceptableError

MESSAGE_SOURCE: Final = "channel.message"

# A rule sends the action as a number; other interfaces of Ably send the word.
_CREATE: Final = (None, 0, "create", "message.create", "message.created")


def parse_event(event: object, limits: Limits) -> Batch:
    """The commands and the rejects of an enveloped event."""
    if not isinstance(event, dict) or "source" not in event:
        return _rejected(
            event, Reason.MALFORMED_EVENT, "the event is not enveloped: set the rule to enveloped"
        )
    if event["source"] != MESSAGE_SOURCE:
        return _rejected(event, Reason.WRONG_SOURCE, f"the event's source is not {MESSAGE_SOURCE}")
    messages = event.get("messages")
    if not isinstance(messages, list) or not messages:
        return _rejected(event, Reason.MALFORMED_EVENT, "the event has no messages")
    envelope = {key: value for key, value in event.items() if key != "messages"}
    commands: list[Command] = []
    rejects: list[Reject] = []
    for message in messages:
        try:
            commands.append(parse_message(message, limits))
        except UnacceptableError as exc:
            rejects.append(
                Reject(reason=exc.reason, detail=exc.detail, original=message, envelope=envelope)
            )
    return Batch(commands=tuple(commands), rejects=tuple(rejects))


def parse_message(message: object, limits: Limits) -> Command:
    """The command of one message.

    Raises:
        UnacceptableError: it can never be written.
    """
    if not isinstance(message, dict):
        raise UnacceptableError(Reason.MALFORMED_MESSAGE, "the message is not an object")
    if message.get("action") not in _CREATE:
        raise UnacceptableError(
            Reason.UNSUPPORTED_ACTION, "only newly created messages are written"
        )
    message_id = validation.identifier(message, "id", Reason.MISSING_ID)
    timestamp_ms = validation.timestamp_ms(message)
    match message.get("name"):
        case "chatMsg":
            data = decode(message.get("data"), message.get("encoding"))
            return Write(
                message_id=message_id,
                client_id=validation.optional_identifier(message, "clientId"),
                timestamp_ms=timestamp_ms,
                username=validation.text(data, "username", max_bytes=limits.username_bytes),
                content=validation.text(data, "content", max_bytes=limits.content_bytes),
            )
        case "editedMsg":
            data = decode(message.get("data"), message.get("encoding"))
            return Edit(
                message_id=message_id,
                client_id=validation.identifier(message, "clientId", Reason.MISSING_CLIENT_ID),
                timestamp_ms=timestamp_ms,
                target_id=validation.identifier(data, "msgIdToEdit", Reason.MISSING_FIELD),
                content=validation.text(data, "content", max_bytes=limits.content_bytes),
            )
        case "deletedMsg":
            data = decode(message.get("data"), message.get("encoding"))
            return Delete(
                message_id=message_id,
                client_id=validation.identifier(message, "clientId", Reason.MISSING_CLIENT_ID),
                timestamp_ms=timestamp_ms,
                target_id=validation.identifier(data, "msgIdToDelete", Reason.MISSING_FIELD),
            )
        case _:
            raise UnacceptableError(
                Reason.UNKNOWN_NAME, "the name is none of chatMsg, editedMsg and deletedMsg"
            )


def _rejected(event: Any, reason: Reason, detail: str) -> Batch:
    return Batch(rejects=(Reject(reason=reason, detail=detail, original=event),))
