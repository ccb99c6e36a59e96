"""How the connector is doing right now, written by the relay, read by health and metrics."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What this process does among the connectors of one database."""

    STARTING = "starting"
    STANDBY = "standby"
    LEADER = "leader"
    STOPPED = "stopped"


@dataclass(slots=True)
class RelayState:
    """The present state; plain values, one writer.

    Attributes:
        ticked_at: when the loop last made a turn, by the relay's clock.
        shard: the part of the channels that this is about.
        database_error: why there is no session, None while there is one.
        ably_error: why the last request came to nothing, None once one has come through.
    """

    ticked_at: float = 0.0
    role: Role = Role.STARTING
    shard: int = 0
    database_error: str | None = None
    ably_error: str | None = None
