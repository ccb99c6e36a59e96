"""The database roles and their privileges: created and granted again at every deploy.

    ably_owner       owns the chat's tables and schema ably; installs the connector
    ably_chat        ingest and history
    ably_connector   the connector's relay

The user that migrates must be able to create roles, as the master user of RDS is; it changes the
schema as the owner. docs/database-permissions.md lists the privileges of each role. The connector's
`install` grants those on schema ably.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

OWNER, CHAT, CONNECTOR = "ably_owner", "ably_chat", "ably_connector"

_SQL = Path(__file__).parent / "sql" / "roles"


def prepare(cursor: Cursor) -> None:
    """Create missing roles, become a member of the owner, and transfer existing objects to it."""
    _run(cursor, "create")
    _run(cursor, "adopt")


@contextmanager
def as_owner(cursor: Cursor) -> Iterator[None]:
    """Work as the owner, within the caller's transaction."""
    cursor.execute(f"SET LOCAL ROLE {OWNER}")
    yield
    # Not after a failure: the transaction has then ended, and with it the role.
    cursor.execute("RESET ROLE")


def limit(cursor: Cursor) -> None:
    """Grant the roles their privileges on the current schema, and set their time limits."""
    with as_owner(cursor):
        _run(cursor, "grant")
    _run(cursor, "limit")


def leave(cursor: Cursor) -> None:
    """End the membership in the owner; the next migration begins it again."""
    _run(cursor, "leave")


def _run(cursor: Cursor, name: str) -> None:
    cursor.execute((_SQL / f"{name}.sql").read_text())
