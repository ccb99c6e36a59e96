"""Writes the bodies of the capture functions: static SQL, made of what the mappings ask for.

Everything of the operator's is quoted, but for a condition, which is SQL of their own and runs
with the rights of the function's owner.
"""

import json
from collections.abc import Callable, Iterable, Mapping

from psycopg2 import sql

from connector_task.capture import table_names
from connector_task.capture.plan import Capture, Route, Table
from connector_task.capture.statements import statement
from connector_task.config import templates
from connector_task.config.choices import Operation, Payload

Composable = sql.Composable
ValueOf = Callable[[str], Composable]
"""What gives a column's value as the text that it is in the row's JSON."""

NULL = sql.SQL("NULL")
TRANSITIONS = {"later": "changed", "earlier": "before"}


def body(capture: Capture, message_bytes: int) -> Composable:
    """The body of a capture's function.

    Args:
        capture: what it captures.
        message_bytes: that a message may have, its name and headers included.
    """
    if capture.operation is Operation.TRUNCATE:
        return _truncate_body(capture)
    if all(route.is_plain for route in capture.routes):
        return _plain_body(capture, message_bytes)
    return _fill(
        "routes",
        guard=_guard(capture),
        pairing=_fill("pairing") if capture.sees_both else sql.SQL(""),
        routes=sql.SQL("\n    ").join(
            _route(capture, route, message_bytes) for route in capture.routes
        ),
        wake=_wake(capture),
    )


def inserts(route: Route, table: Table, source: Composable, message_bytes: int) -> Composable:
    """The statement that writes rows to the outbox as if they had just been inserted.

    Args:
        route: where they go.
        table: whose rows they are.
        source: a query in parentheses.
        message_bytes: that a message may have, its name and headers included.
    """
    seen = _rows(route, table, source)
    changes = _fill("changes", operation=sql.Literal("INSERT"), rows=seen)
    return _events(route, table, changes, sql.Literal(table.name), message_bytes)


def type_of(table: Table) -> Composable:
    """The type of a table's rows."""
    return sql.Identifier(table.schema, table.name)


def _fill(name: str, **parts: Composable) -> sql.Composed:
    return sql.SQL(statement(name).rstrip("\n")).format(**parts)


def _plain_body(capture: Capture, message_bytes: int) -> Composable:
    return _fill(
        "body",
        guard=_guard(capture),
        max_bytes=sql.Literal(message_bytes - len(capture.operation)),
        key=sql.Literal(list(capture.table.key)),
        table=_name_at_run_time(capture.table),
        channels=sql.SQL(", ").join(
            sql.SQL("({}::text)").format(sql.Literal(_fixed(channel)))
            for channel in capture.channels
        ),
        wake=_wake(capture),
    )


def _truncate_body(capture: Capture) -> Composable:
    return _fill(
        "truncate",
        guard=_guard(capture),
        channels=sql.Literal([_fixed(route.channel) for route in capture.routes]),
        encodings=_array(_encoding(route) for route in capture.routes),
        headers=_array(_headers(route, sql.Literal) for route in capture.routes),
        wake=_wake(capture),
    )


def _guard(capture: Capture) -> Composable:
    """Refuse to run for a trigger that `install` has not made."""
    table = capture.table
    is_no_partition: Composable = sql.SQL("true")
    if table.partitions is not None:
        root = table_names.quoted(table.schema, table.name)
        is_no_partition = _fill("guard_partition", root=sql.Literal(root))
    return _fill(
        "guard",
        schema=sql.Literal(table.schema),
        table=sql.Literal(table.name),
        is_no_partition=is_no_partition,
        function=sql.Literal(capture.function_name),
    )


def _wake(capture: Capture) -> Composable:
    """Wake the relay, or that of the shards the channels are of, where they are known by now."""
    channels = [route.channel for route in capture.routes]
    if any(templates.columns(channel) for channel in channels):
        return _fill("wake", channels=NULL)
    fixed = list(dict.fromkeys(_fixed(channel) for channel in channels))
    return _fill("wake", channels=sql.Literal(fixed))


def _array(items: Iterable[Composable]) -> Composable:
    return sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(items))


def _name_at_run_time(table: Table) -> Composable:
    """What messages call the table: as it is called then; for a partition, as its root is."""
    if table.partitions is None:
        return sql.SQL("TG_TABLE_NAME")
    name = "(SELECT class.relname FROM pg_catalog.pg_class AS class WHERE class.oid = {})"
    return sql.SQL(name).format(sql.Literal(table.oid))


def _route(capture: Capture, route: Route, message_bytes: int) -> Composable:
    """The block of one route: what is done as a rule, and what where that fails."""
    is_paired = capture.sees_both and (route.is_selective or route.options.old)
    sides = ("later", "earlier") if is_paired else ("later",)
    sources = {side: sql.Identifier(TRANSITIONS[side]) for side in sides}
    usual = {side: _rows(route, capture.table, source) for side, source in sources.items()}
    degraded = {side: _degraded_rows(route, side) for side in sides}
    name = _name_at_run_time(capture.table)
    return _fill(
        "route",
        events=_events(route, capture.table, _changes(capture, usual), name, message_bytes),
        judgements=sql.SQL("\n        ").join(
            _judgement(route, capture.table, side, source) for side, source in sources.items()
        ),
        degraded_events=_events(
            route, capture.table, _changes(capture, degraded), name, message_bytes
        ),
    )


def _changes(capture: Capture, sides: Mapping[str, Composable]) -> Composable:
    if len(sides) == 2:
        return _fill("moves", **sides)
    operation = sql.Literal(str(capture.operation))
    return _fill("changes", operation=operation, rows=sides["later"])


def _events(
    route: Route, table: Table, changes: Composable, name: Composable, message_bytes: int
) -> Composable:
    return _fill(
        "events",
        table=name,
        key=sql.Literal(list(table.key)),
        encoding=_encoding(route),
        changes=changes,
        message=_fill("message_old" if route.options.old else "message", table=name),
        max_bytes=sql.Literal(message_bytes),
    )


def _rows(route: Route, table: Table, source: Composable) -> Composable:
    alias = sql.Identifier(table.name)

    def value_of(column: str) -> Composable:
        return sql.SQL("to_json({}) #>> '{{}}'").format(sql.Identifier(table.name, column))

    return _fill(
        "rows",
        where=_condition(route),
        channel=_channel(route, value_of),
        row=_row(route, table),
        headers=_headers(route, value_of),
        source=source,
        alias=alias,
    )


def _row(route: Route, table: Table) -> Composable:
    columns = route.options.columns
    if columns is None:
        return sql.SQL("row_to_json({}.*)").format(sql.Identifier(table.name))
    return sql.SQL("(SELECT row_to_json(chosen.*) FROM (SELECT {}) AS chosen)").format(
        sql.SQL(", ").join(sql.Identifier(table.name, column) for column in columns)
    )


def _degraded_rows(route: Route, side: str) -> Composable:
    def value_of(column: str) -> Composable:
        return sql.SQL("seen.whole ->> {}").format(sql.Literal(column))

    columns = route.options.columns
    row: Composable = sql.SQL("seen.whole")
    if columns is not None:
        row = _fill("columns_degraded", columns=sql.Literal(list(columns)))
    return _fill(
        "rows_degraded",
        channel=_channel(route, value_of),
        row=row,
        headers=_headers(route, value_of),
        **_variables(side),
    )


def _judgement(route: Route, table: Table, side: str, source: Composable) -> Composable:
    return _fill(
        "judgement",
        source=source,
        where=_condition(route),
        type=type_of(table),
        alias=sql.Identifier(table.name),
        **_variables(side),
    )


def _variables(side: str) -> dict[str, Composable]:
    return {name: sql.SQL(f"capture.{side}_{name}") for name in ("rows", "verdicts", "doubts")}


def _condition(route: Route) -> Composable:
    return sql.SQL(route.options.where or "true")


def _encoding(route: Route) -> Composable:
    return sql.Literal("json") if route.options.payload is Payload.JSON else NULL


def _channel(route: Route, value_of: ValueOf) -> Composable:
    def part(column: str) -> Composable:
        return _fill("channel_part", value=value_of(column))

    return _text(route.channel, part)


def _headers(route: Route, value_of: ValueOf) -> Composable:
    """The headers' object; one with a NULL column is left out."""
    if not route.options.headers:
        return NULL
    if not route.options.header_columns:
        fixed = {
            name: _fixed(value) if isinstance(value, str) else value
            for name, value in route.options.headers
        }
        return sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(fixed)))
    pairs: list[Composable] = []
    for name, value in route.options.headers:
        content = (
            _text(value, value_of)
            if isinstance(value, str)
            else sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(value)))
        )
        pairs += [sql.Literal(name), content]
    return sql.SQL("jsonb_strip_nulls(jsonb_build_object({}))").format(sql.SQL(", ").join(pairs))


def _text(template: str, value_of: ValueOf) -> Composable:
    parts = [
        sql.SQL("{}::text").format(sql.Literal(part))
        if isinstance(part, str)
        else sql.SQL("({})").format(value_of(part.name))
        for part in templates.parse(template)
    ]
    return sql.SQL(" || ").join(parts) if parts else sql.SQL("''::text")


def _fixed(template: str) -> str:
    """A template without columns, as the text it stands for."""
    return "".join(part for part in templates.parse(template) if isinstance(part, str))
