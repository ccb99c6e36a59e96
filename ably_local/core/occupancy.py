"""Occupancy of a channel: the ChannelDetails of status, enumeration and lifecycle events."""

from typing import Any

from ably_local.base.protocol import Flag
from ably_local.core.channels import Channel

_MODES = {
    "publishers": Flag.PUBLISH,
    "subscribers": Flag.SUBSCRIBE,
    "presenceConnections": Flag.PRESENCE,
    "presenceSubscribers": Flag.PRESENCE_SUBSCRIBE,
}


def channel_details(name: str, channel: Channel | None) -> dict[str, Any]:
    """The ChannelDetails of a channel; pass None for a channel that does not exist."""
    attached = list(channel.attachments) if channel else []
    metrics = {
        metric: sum(1 for each in attached if each.modes & mode) for metric, mode in _MODES.items()
    }
    metrics["connections"] = len({each.subscriber.id for each in attached})
    metrics["presenceMembers"] = len(channel.members) if channel else 0
    metrics["objectPublishers"] = metrics["objectSubscribers"] = 0
    status = {
        "isActive": channel is not None and channel.is_open,
        "occupancy": {"metrics": metrics},
    }
    return {"channelId": name, "name": name, "status": status}
