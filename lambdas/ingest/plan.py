"""Turns commands into the sets of rows that the statements work on; a pure function.

Each statement touches a row at most once: a plan writes each message id once, and of a client's
edits of a message it keeps only the greatest. Edits of different clients stay separate, because an
edit that will be refused must not hide the author's.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lambdas.ingest.commands import Command, Delete, Edit, Write


@dataclass(frozen=True, kw_only=True)
class WritePlan:
    """Rows to write, then edits, then deletes."""

    writes: tuple[Write, ...]
    edits: tuple[Edit, ...]
    deletes: tuple[Delete, ...]

    @property
    def message_ids(self) -> list[str]:
        """Every chat message that the plan touches."""
        return sorted(
            {write.message_id for write in self.writes}
            | {edit.target_id for edit in self.edits}
            | {delete.target_id for delete in self.deletes}
        )


def plan(commands: Iterable[Command]) -> WritePlan:
    """Arrange the commands of one transaction."""
    writes: dict[str, Write] = {}
    edits: dict[tuple[str, str], Edit] = {}
    deletes: dict[tuple[str, str], Delete] = {}
    for command in commands:
        match command:
            case Write():
                writes.setdefault(command.message_id, command)
            case Edit():
                key = (command.target_id, command.client_id)
                edits[key] = max(edits.get(key, command), command, key=lambda edit: edit.order)
            case Delete():
                deletes.setdefault((command.target_id, command.client_id), command)
    return WritePlan(
        writes=tuple(writes.values()), edits=tuple(edits.values()), deletes=tuple(deletes.values())
    )
