"""Constants of the realtime protocol, version 6."""

from enum import IntEnum, IntFlag


class Action(IntEnum):
    """The action of a protocol message."""

    HEARTBEAT = 0
    ACK = 1
    NACK = 2
    CONNECT = 3
    CONNECTED = 4
    DISCONNECT = 5
    DISCONNECTED = 6
    CLOSE = 7
    CLOSED = 8
    ERROR = 9
    ATTACH = 10
    ATTACHED = 11
    DETACH = 12
    DETACHED = 13
    PRESENCE = 14
    MESSAGE = 15
    SYNC = 16
    AUTH = 17
    ACTIVATE = 18
    OBJECT = 19
    OBJECT_SYNC = 20
    ANNOTATION = 21


class Flag(IntFlag):
    """Flags of ATTACH and ATTACHED; from PRESENCE on they are channel modes."""

    HAS_PRESENCE = 1 << 0
    HAS_BACKLOG = 1 << 1
    RESUMED = 1 << 2
    ATTACH_RESUME = 1 << 5
    PRESENCE = 1 << 16
    PUBLISH = 1 << 17
    SUBSCRIBE = 1 << 18
    PRESENCE_SUBSCRIBE = 1 << 19
    ANNOTATION_PUBLISH = 1 << 21
    ANNOTATION_SUBSCRIBE = 1 << 22
    OBJECT_SUBSCRIBE = 1 << 24
    OBJECT_PUBLISH = 1 << 25


class PresenceAction(IntEnum):
    """The action of a presence message."""

    ABSENT = 0
    PRESENT = 1
    ENTER = 2
    LEAVE = 3
    UPDATE = 4


# The operation that each supported mode requires. Presence events and the member list require
# `subscribe`; the `presence` operation allows a client to become a member.
MODE_OPERATIONS = {
    Flag.PRESENCE: "presence",
    Flag.PUBLISH: "publish",
    Flag.SUBSCRIBE: "subscribe",
    Flag.PRESENCE_SUBSCRIBE: "subscribe",
    # Granted because Ably grants it by default, although each annotation is then rejected.
    Flag.ANNOTATION_PUBLISH: "annotation-publish",
}

UNSUPPORTED_MODES = {
    Flag.ANNOTATION_SUBSCRIBE: "annotations",
    Flag.OBJECT_SUBSCRIBE: "LiveObjects",
    Flag.OBJECT_PUBLISH: "LiveObjects",
}
