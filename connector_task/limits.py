"""Ably's limits on publishing, as documented for every account."""

from dataclasses import dataclass

MESSAGE_BYTES = 64 * 1024  # the smallest plan's; an array counts as the sum of its messages


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one request, and one array of messages in it, may hold.

    Attributes:
        array_bytes: names, data and extras of the messages of one array.
        array_messages: messages of one array.
        request_channels: arrays of one request, each to its own channel.
        request_bytes: the request's body.
        scanned_messages: how far into the outbox one claim looks for work.
    """

    array_bytes: int = MESSAGE_BYTES
    array_messages: int = 1000
    request_channels: int = 100
    request_bytes: int = 2 * 1024 * 1024
    scanned_messages: int = 1000
