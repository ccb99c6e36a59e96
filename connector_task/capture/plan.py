"""What the database must contain for the configured capture, and what must change. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector_task.config import templates
from connector_task.config.choices import Operation
from connector_task.config.mapping import PLAIN, MappingOptions, TableMapping

IDENTIFIER_MAX_BYTES = 63
ORIGINAL_FUNCTION = "ably_notify"


@dataclass(frozen=True, order=True, slots=True)
class Relation:
    """Something that can have triggers: a table, or one of its partitions."""

    oid: int
    schema: str
    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table that exists.

    Attributes:
        key: the primary key's columns, empty where there is none.
        columns: all of them, in their order.
        partitions: those that are attached, at every level. None: it is not partitioned.
    """

    oid: int
    schema: str
    name: str
    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    partitions: tuple[Relation, ...] | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of the connector's, or of the original connector's, as found."""

    table_oid: int
    schema: str
    table: str
    name: str
    function: str
    enabled: bool = True
    sees_both: bool = False
    """Whether it sees both the old and the new rows."""
    is_droppable: bool = True
    """Whether the installing role has the rights of the table's owner."""

    @property
    def is_originals(self) -> bool:
        """Whether it is one of the original connector's."""
        return self.function == ORIGINAL_FUNCTION


@dataclass(frozen=True, slots=True)
class Route:
    """A channel, or a template for one, and what goes there in which form."""

    channel: str
    options: MappingOptions = PLAIN

    @property
    def is_selective(self) -> bool:
        """Whether a row's values decide if and where it is published."""
        return self.options.where is not None or bool(templates.columns(self.channel))

    @property
    def is_plain(self) -> bool:
        """Whether all changes go to one channel, and in the original's form."""
        return self.options == PLAIN and not self.is_selective

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that it names, but for those in the condition."""
        options = self.options
        named = (*(options.columns or ()), *options.header_columns)
        return tuple(dict.fromkeys((*named, *templates.columns(self.channel))))


@dataclass(frozen=True, slots=True)
class Capture:
    """One table's changes of one kind, and where they go."""

    table: Table
    operation: Operation
    routes: tuple[Route, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels, or their templates, in the routes' order."""
        return tuple(dict.fromkeys(route.channel for route in self.routes))

    @property
    def sees_both(self) -> bool:
        """Whether the old rows of an UPDATE are needed in addition to the new ones."""
        return self.operation is Operation.UPDATE and any(
            route.is_selective or route.options.old for route in self.routes
        )

    @property
    def function_name(self) -> str:
        """By the table's oid, so that a renamed table keeps it and equal names do not meet."""
        return f"capture_{self.table.oid}_{self.operation.lower()}"

    @property
    def triggers(self) -> tuple["WantedTrigger", ...]:
        """What calls the function: the table's trigger, and one of each of its partitions.

        A statement fires the triggers of the table that it names and of no other, but a TRUNCATE
        those of all the partitions besides, of which no one is the whole table.
        """
        relations = [Relation(self.table.oid, self.table.schema, self.table.name)]
        if self.operation is not Operation.TRUNCATE:
            relations += self.table.partitions or ()
        return tuple(WantedTrigger(self, relation) for relation in relations)


@dataclass(frozen=True, slots=True)
class WantedTrigger:
    """A trigger that a capture needs."""

    capture: Capture
    relation: Relation

    @property
    def name(self) -> str:
        """`<table>_notify_<operation>`, the table's name shortened where that would be too long."""
        suffix = f"_notify_{self.capture.operation.lower()}"
        table = self.relation.name
        if len((table + suffix).encode()) <= IDENTIFIER_MAX_BYTES:
            return table + suffix
        # Postgres would cut the end off, and the operations' triggers would be the same.
        digest = hashlib.sha256(table.encode()).hexdigest()[:8]
        room = IDENTIFIER_MAX_BYTES - len(suffix) - len(digest) - 1
        start = table.encode()[:room].decode(errors="ignore")
        return f"{start}_{digest}{suffix}"

    @property
    def place(self) -> tuple[int, str, str, bool]:
        """What identifies it."""
        capture = self.capture
        return (self.relation.oid, self.name, capture.function_name, capture.sees_both)


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallationPlan:
    """The changes after which the database captures what is configured, and nothing else.

    Attributes:
        drop_triggers: before anything is created.
        write_functions: (name, body) of those that are missing or differ.
        create_triggers: whose functions exist by then.
        drop_functions: that no wanted trigger calls any more; the triggers that do go with them.
        foreign_triggers: of other roles, on tables of theirs, that call a function which stays. It
            refuses them.
    """

    drop_triggers: tuple[Trigger, ...]
    write_functions: tuple[tuple[str, str], ...]
    create_triggers: tuple[WantedTrigger, ...]
    drop_functions: tuple[str, ...]
    foreign_triggers: tuple[Trigger, ...] = ()

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
    routes: dict[tuple[Table, Operation], dict[Route, None]] = {}
    for mapping in mappings:
        place = (tables[mapping.table], mapping.operation)
        routes.setdefault(place, {})[Route(mapping.channel, mapping.options)] = None
    return [Capture(table, operation, tuple(found)) for (table, operation), found in routes.items()]


def installation_plan(
    bodies: Mapping[Capture, str],
    found_triggers: Iterable[Trigger],
    found_functions: Mapping[str, str],
) -> InstallationPlan:
    """Compare what is wanted with what is there.

    Args:
        bodies: of the function of each wanted capture.
        found_triggers: all that are ours or the original's, on any table.
        found_functions: all that are ours, name to body.
    """
    wanted = {trigger.place: trigger for capture in bodies for trigger in capture.triggers}
    functions = {capture.function_name: body for capture, body in bodies.items()}
    captured = {trigger.relation.oid for trigger in wanted.values()}
    kept = set()
    surplus = []
    foreign = []
    for trigger in found_triggers:
        place = (trigger.table_oid, trigger.name, trigger.function, trigger.sees_both)
        if place in wanted and trigger.enabled:
            kept.add(place)
        elif trigger.is_droppable or trigger.table_oid in captured or trigger.is_originals:
            surplus.append(trigger)
        elif trigger.function in functions:
            foreign.append(trigger)
    return InstallationPlan(
        drop_triggers=tuple(surplus),
        write_functions=tuple(
            (name, body) for name, body in functions.items() if found_functions.get(name) != body
        ),
        create_triggers=tuple(trigger for place, trigger in wanted.items() if place not in kept),
        drop_functions=tuple(name for name in found_functions if name not in functions),
        foreign_triggers=tuple(foreign),
    )
