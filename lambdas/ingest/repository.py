"""Applies a plan to the chat tables in the caller's transaction, one statement per kind."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.ingest.plan import WritePlan

_SQL = Path(__file__).parent / "sql"


class Outcome(StrEnum):
    """The outcome of an edit or a delete.

    SUPERSEDED: a later edit, the same edit, or a delete had been applied; nothing changed.
    REFUSED: the message belongs to another client.
    MISSING: the message does not exist and never did.
    """

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One edit or delete, and its outcome."""

    message_id: str
    target_id: str
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a plan did to the tables."""

    written_ids: tuple[str, ...] = ()
    edits: tuple[Change, ...] = ()
    deletes: tuple[Change, ...] = ()

    def with_outcome(self, outcome: Outcome) -> tuple[Change, ...]:
        """The edits and deletes with this outcome."""
        return tuple(change for change in (*self.edits, *self.deletes) if change.outcome is outcome)


def apply(cursor: Cursor, plan: WritePlan) -> Changes:
    """Write, edit and delete; a repeated delivery of the same plan changes nothing.

    Refused or missing targets do not raise: the caller decides before the transaction ends.
    """
    cursor.execute(_statement("lock_messages"), {"message_ids": plan.message_ids})
    return Changes(
        written_ids=_write(cursor, plan), edits=_edit(cursor, plan), deletes=_delete(cursor, plan)
    )


def _write(cursor: Cursor, plan: WritePlan) -> tuple[str, ...]:
    if not plan.writes:
        return ()
    cursor.execute(
        _statement("write_messages"),
        {
            "usernames": [write.username for write in plan.writes],
            "message_ids": [write.message_id for write in plan.writes],
            "contents": [write.content for write in plan.writes],
            "client_ids": [write.client_id for write in plan.writes],
            "timestamps_ms": [write.timestamp_ms for write in plan.writes],
        },
    )
    return tuple(message_id for (message_id,) in cursor.fetchall())


def _edit(cursor: Cursor, plan: WritePlan) -> tuple[Change, ...]:
    if not plan.edits:
        return ()
    cursor.execute(
        _statement("edit_messages"),
        {
            "edit_ids": [edit.message_id for edit in plan.edits],
            "target_ids": [edit.target_id for edit in plan.edits],
            "client_ids": [edit.client_id for edit in plan.edits],
            "contents": [edit.content for edit in plan.edits],
            "timestamps_ms": [edit.timestamp_ms for edit in plan.edits],
        },
    )
    return _changes(cursor)


def _delete(cursor: Cursor, plan: WritePlan) -> tuple[Change, ...]:
    if not plan.deletes:
        return ()
    cursor.execute(
        _statement("delete_messages"),
        {
            "delete_ids": [delete.message_id for delete in plan.deletes],
            "target_ids": [delete.target_id for delete in plan.deletes],
            "client_ids": [delete.client_id for delete in plan.deletes],
            "timestamps_ms": [delete.timestamp_ms for delete in plan.deletes],
        },
    )
    return _changes(cursor)


def _changes(cursor: Cursor) -> tuple[Change, ...]:
    return tuple(
        Change(message_id=message_id, target_id=target_id, outcome=Outcome(outcome))
        for message_id, target_id, outcome in cursor.fetchall()
    )


@cache
def _statement(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text()
