"""The roles of the chat and what they may do: made, and said anew, at every deploy.

    ably_owner       owns the chat's tables and schema ably; installs the connector
    ably_chat        ingest and history
    ably_connector   the connector's relay

Whoever migrates need only be able to make roles, as the master user of RDS is; it works on the
schema as the owner. The right of each role is in docs/database-permissions.md; the connector's own
on schema ably are given by its installation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

OWNER, CHAT, CONNECTOR = "ably_owner", "ably_chat", "ably_connector"

_SQL = Path(__file__).parent / "sql" / "roles"


def prepare(cursor: Cursor) -> None:
    """Make the roles that are missing, become one of the owner, and hand over what is there."""
    _run(cursor, "create")
    _run(cursor, "adopt")


@contextmanager
def as_owner(cursor: Cursor) -> Iterator[None]:
    """Work as the owner, within the caller's transaction."""
    cursor.execute(f"SET LOCAL ROLE {OWNER}")
    yield
    # Not after a failure: the transaction is then over, and the role with it.
    cursor.execute("RESET ROLE")


def limit(cursor: Cursor) -> None:
    """Grant what the roles need in the present schema, and set their time limits."""
    with as_owner(cursor):
        _run(cursor, "grant")
    _run(cursor, "limit")


def leave(cursor: Cursor) -> None:
    """Be no member of the owner any more; the next migration becomes one again."""
    _run(cursor, "leave")


def _run(cursor: Cursor, name: str) -> None:
    cursor.execute((_SQL / f"{name}.sql").read_text())
