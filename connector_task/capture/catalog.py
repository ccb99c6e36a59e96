"""Finds the tables that mappings name, and checks what the mappings ask of them."""

from collections.abc import Iterable, Iterator

import psycopg2
from psycopg2 import sql

from connector_task.capture import plan, table_names, trigger_functions
from connector_task.capture.plan import Capture, Relation, Route, Table
from connector_task.capture.statements import statement
from connector_task.config.mapping import TableMapping
from connector_task.errors import ErrorCode, InstallationError
from connector_task.postgres.session import first_line

Cursor = psycopg2.extensions.cursor
Problem = tuple[ErrorCode, str]
UNSUITABLE = {
    "v": "is a view, which has no changes of its own",
    "m": "is a materialized view, which has no triggers",
    "f": "is a foreign table, whose changes are made elsewhere",
}


def find_captures(cursor: Cursor, mappings: Iterable[TableMapping]) -> list[Capture]:
    """The captures of the mappings, of tables that exist and have the named columns.

    Raises:
        InstallationError: a table is missing or unsuitable, or has not what a mapping asks; all
            of such problems are told together.
    """
    mappings = tuple(mappings)
    tables: dict[str, Table] = {}
    problems: list[Problem] = []
    for name in dict.fromkeys(mapping.table for mapping in mappings):
        found = find_table(cursor, name)
        if isinstance(found, Table):
            tables[name] = found
        else:
            problems.append(found)
    for mapping in mappings:
        if mapping.table in tables:
            problems += _problems(cursor, mapping, tables[mapping.table])
    if problems:
        codes = {code for code, _ in problems}
        code = codes.pop() if len(codes) == 1 else ErrorCode.TABLE_UNSUITABLE
        raise InstallationError(code, "; ".join(dict.fromkeys(text for _, text in problems)))
    return plan.captures(tables, mappings)


def find_table(cursor: Cursor, name: str) -> Table | Problem:
    """The table that a name means, or why there is none to capture."""
    for schema, table in table_names.candidates(name):
        cursor.execute(statement("find_table"), {"schema": schema, "table": table})
        row = cursor.fetchone()
        if row is None:
            continue
        oid, found_schema, found_table, kind, is_partition, key, columns = row
        if kind in UNSUITABLE:
            return ErrorCode.TABLE_UNSUITABLE, f"table {name} {UNSUITABLE[kind]}"
        if is_partition:
            return ErrorCode.TABLE_UNSUITABLE, f"table {name} is a partition; name its parent"
        partitions = _partitions(cursor, oid) if kind == "p" else None
        return Table(oid, found_schema, found_table, tuple(key), tuple(columns), partitions)
    return ErrorCode.TABLE_MISSING, f"table {name} does not exist"


def _partitions(cursor: Cursor, oid: int) -> tuple[Relation, ...]:
    cursor.execute(statement("find_partitions"), {"table": oid})
    return tuple(Relation(*row) for row in cursor.fetchall())


def _problems(cursor: Cursor, mapping: TableMapping, table: Table) -> Iterator[Problem]:
    place = f"{mapping.table} {mapping.operation} to {mapping.channel}"
    route = Route(mapping.channel, mapping.options)
    missing = [name for name in route.columns if name not in table.columns]
    if missing:
        names = ", ".join(missing)
        yield ErrorCode.MAPPING_UNSUITABLE, f"{place}: the table has no column {names}"
    if mapping.options.where is not None:
        reason = condition_problem(cursor, table, mapping.options.where)
        if reason:
            yield ErrorCode.MAPPING_UNSUITABLE, f"{place}: the condition cannot be used; {reason}"


def condition_problem(cursor: Cursor, table: Table, where: str) -> str | None:
    """Why Postgres cannot use a condition on a table's rows; None where it can.

    The session's search path is the capture function's: what is not Postgres' own must be named
    with its schema.
    """
    composed = sql.SQL(statement("check_condition")).format(
        type=trigger_functions.type_of(table),
        alias=sql.Identifier(table.name),
        where=sql.SQL(where),
    )
    cursor.execute("SAVEPOINT condition")
    try:
        cursor.execute(composed)
    except psycopg2.OperationalError as exc:
        if cursor.connection.closed:
            raise
        return first_line(exc)
    except psycopg2.Error as exc:
        return first_line(exc)
    finally:
        if not cursor.connection.closed:
            cursor.execute("ROLLBACK TO condition")
    return None
