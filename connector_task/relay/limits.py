"""Ably's limits on publishing, as documented for its plans."""

from dataclasses import dataclass

from connector_task.config.ably import AblySettings
from connector_task.config.choices import AblyPlan

MESSAGE_BYTES = 64 * 1024  # of most plans; an array counts as the sum of its messages
PRO_MESSAGE_BYTES = 256 * 1024

# HTTP requests a second and an hour.
REQUEST_RATES = {
    AblyPlan.FREE: (50.0, 25_000.0),
    AblyPlan.STANDARD: (362.0, 521_000.0),
    AblyPlan.PRO: (1447.0, 2_083_300.0),
    AblyPlan.UNLIMITED: (0.0, 0.0),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchLimits:
    """What one request, and one array of messages in it, may hold.

    Attributes:
        array_bytes: names, data and extras of the messages of one array.
        array_messages: messages of one array.
        request_channels: arrays of one request, each to its own channel.
        request_bytes: the request's body.
        scanned_messages: how far one claim looks for channels that it does not know of.
    """

    array_bytes: int = MESSAGE_BYTES
    array_messages: int = 1000
    request_channels: int = 100
    request_bytes: int = 2 * 1024 * 1024
    scanned_messages: int = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """How much may be published in a time; 0 is without limit.

    Attributes:
        channel_publishes: on one channel, a second; an array counts as one.
        channel_bytes: on one channel, a second.
        requests_per_second: of the account.
        requests_per_hour: of the account.
    """

    channel_publishes: float = 50.0
    channel_bytes: float = 1024 * 1024
    requests_per_second: float = 50.0
    requests_per_hour: float = 25_000.0

    def share(self, parts: int) -> "Rates":
        """What one of several publishers may take; a channel is always one publisher's alone."""
        return Rates(
            channel_publishes=self.channel_publishes,
            channel_bytes=self.channel_bytes,
            requests_per_second=self.requests_per_second / parts,
            requests_per_hour=self.requests_per_hour / parts,
        )


def message_bytes(settings: AblySettings) -> int:
    """How large a publish may be: as set, or as the plan has it."""
    if settings.message_bytes is not None:
        return settings.message_bytes
    return PRO_MESSAGE_BYTES if settings.plan is AblyPlan.PRO else MESSAGE_BYTES


def limits(settings: AblySettings) -> BatchLimits:
    """What the settings allow to send at a time."""
    return BatchLimits(
        array_bytes=message_bytes(settings),
        request_bytes=settings.request_bytes,
        request_channels=settings.request_channels,
    )


def rates(settings: AblySettings) -> Rates:
    """The plan's rates, as far as the settings name none."""
    per_second, per_hour = REQUEST_RATES[settings.plan]
    return Rates(
        channel_publishes=settings.channel_publishes,
        channel_bytes=settings.channel_bytes,
        requests_per_second=_or(settings.requests_per_second, per_second),
        requests_per_hour=_or(settings.requests_per_hour, per_hour),
    )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
