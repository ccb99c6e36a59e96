"""What the database must hold for the configured capture, and what is to be changed. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector_task.config import Operation, TableMapping

IDENTIFIER_MAX_BYTES = 63
ORIGINAL_FUNCTION = "ably_notify"


@dataclass(frozen=True, slots=True)
class Table:
    """A table that exists.

    Attributes:
        key: the primary key's columns, empty where there is none.
    """

    oid: int
    schema: str
    name: str
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of the connector's, or of the original connector's, as found."""

    table_oid: int
    schema: str
    table: str
    name: str
    function: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Capture:
    """One table's changes of one kind, and the channels that they go to."""

    table: Table
    operation: Operation
    channels: tuple[str, ...]

    @property
    def trigger_name(self) -> str:
        """`<table>_notify_<operation>`, the table's name shortened where that would be too long."""
        suffix = f"_notify_{self.operation.lower()}"
        if len((self.table.name + suffix).encode()) <= IDENTIFIER_MAX_BYTES:
            return self.table.name + suffix
        # Postgres would cut the end off, and the operations' triggers would be the same.
        digest = hashlib.sha256(self.table.name.encode()).hexdigest()[:8]
        room = IDENTIFIER_MAX_BYTES - len(suffix) - len(digest) - 1
        start = self.table.name.encode()[:room].decode(errors="ignore")
        return f"{start}_{digest}{suffix}"

    @property
    def function_name(self) -> str:
        """By the table's oid, so that a renamed table keeps it and equal names do not meet."""
        return f"capture_{self.table.oid}_{self.operation.lower()}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What has to be done so that the database captures what is configured, and nothing else.

    Attributes:
        drop_triggers: before anything is created.
        write_functions: (name, body) of those that are missing or differ.
        create_triggers: whose functions exist by then.
        drop_functions: that nothing calls any more.
    """

    drop_triggers: tuple[Trigger, ...]
    write_functions: tuple[tuple[str, str], ...]
    create_triggers: tuple[Capture, ...]
    drop_functions: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether everything is in place already."""
        return not (
            self.drop_triggers
            or self.write_functions
            or self.create_triggers
            or self.drop_functions
        )


def captures(tables: Mapping[str, Table], mappings: Iterable[TableMapping]) -> list[Capture]:
    """Bring mappings together that mean the same table and operation, however it was written.

    Args:
        tables: by the name the mappings use.
        mappings: in the operator's order, in which the channels stay.
    """
    channels: dict[tuple[Table, Operation], dict[str, None]] = {}
    for mapping in mappings:
        place = (tables[mapping.table], mapping.operation)
        channels.setdefault(place, {})[mapping.channel] = None
    return [
        Capture(table, operation, tuple(names)) for (table, operation), names in channels.items()
    ]


def plan(
    bodies: Mapping[Capture, str],
    found_triggers: Iterable[Trigger],
    found_functions: Mapping[str, str],
) -> Plan:
    """Compare what is wanted with what is there.

    Args:
        bodies: of the function of each wanted capture.
        found_triggers: all that are ours or the original's, on any table.
        found_functions: all that are ours, name to body.
    """
    wanted = {(one.table.oid, one.trigger_name, one.function_name): one for one in bodies}
    kept = set()
    surplus = []
    for trigger in found_triggers:
        place = (trigger.table_oid, trigger.name, trigger.function)
        if place in wanted and trigger.enabled:
            kept.add(place)
        else:
            surplus.append(trigger)
    functions = {one.function_name: body for one, body in bodies.items()}
    return Plan(
        drop_triggers=tuple(surplus),
        write_functions=tuple(
            (name, body) for name, body in functions.items() if found_functions.get(name) != body
        ),
        create_triggers=tuple(one for place, one in wanted.items() if place not in kept),
        drop_functions=tuple(name for name in found_functions if name not in functions),
    )
