"""The chat schema's migrations: numbered SQL files, each applied once, all in one transaction.

`public.chat_migration` records the applied files with a checksum of each. A file that was changed
afterwards stops the migration, because the state of the schema would be unknown.
"""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.common.errors import FunctionError

_SQL = Path(__file__).parent / "sql"
_FILE_NAME = re.compile(r"(?P<number>[0-9]{4})_[a-z0-9_]+\.sql")

LOCK_KEY = 0x63686174  # "chat"
LOCK_TIMEOUT_MS = 10_000

_CREATE_LEDGER = """
CREATE TABLE IF NOT EXISTS public.chat_migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(FunctionError):
    """The migration files are inconsistent, or differ from those that the database has applied."""

    code = "migration_invalid"


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One SQL file."""

    number: int
    name: str
    statements: str = field(repr=False)

    @property
    def checksum(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def load(folder: Path = _SQL) -> list[Migration]:
    """The migrations of a folder, in order.

    Raises:
        MigrationError: a file is misnamed, or the numbers are not 1, 2, 3 and so on.
    """
    migrations: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(
                f"unable to read the migrations; {path.name} is not named NNNN_what.sql"
            )
        migrations.append(
            Migration(number=int(match["number"]), name=path.stem, statements=path.read_text())
        )
    numbers = [migration.number for migration in migrations]
    if numbers != list(range(1, len(numbers) + 1)):
        raise MigrationError(
            "unable to read the migrations; their numbers have a gap or a duplicate"
        )
    return migrations


def apply(
    cursor: Cursor, migrations: list[Migration], *, lock_timeout_ms: int = LOCK_TIMEOUT_MS
) -> list[str]:
    """Apply the new migrations in the caller's transaction; returns their names.

    A second caller waits for the first and then has nothing to do. If another session locks a table
    for longer than `lock_timeout_ms`, the whole transaction fails. A database that is `ahead` of
    the files stays as it is.

    Raises:
        MigrationError: an applied migration was changed.
    """
    lock(cursor, lock_timeout_ms=lock_timeout_ms)
    cursor.execute(_CREATE_LEDGER)
    cursor.execute("SELECT number, checksum FROM public.chat_migration")
    applied: dict[int, str] = dict(cursor.fetchall())
    _check(migrations, applied)
    new = [migration for migration in migrations if migration.number not in applied]
    for migration in new:
        cursor.execute(migration.statements)
        cursor.execute(
            "INSERT INTO public.chat_migration (number, name, checksum) VALUES (%s, %s, %s)",
            (migration.number, migration.name, migration.checksum),
        )
    return [migration.name for migration in new]


def ahead(cursor: Cursor, migrations: list[Migration]) -> list[str]:
    """The names of the applied migrations of a later release, which are not among these files.

    The earlier release works with them, because each migration is safe with the release before it.
    A rollback by CloudFormation or an operator does not undo what was applied.
    """
    cursor.execute(
        "SELECT name FROM public.chat_migration WHERE number > %s ORDER BY number",
        (len(migrations),),
    )
    return [str(name) for (name,) in cursor.fetchall()]


def lock(cursor: Cursor, *, lock_timeout_ms: int = LOCK_TIMEOUT_MS) -> None:
    """Lock the schema against other migrations until the transaction ends; reentrant."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", (f"{lock_timeout_ms}ms",))


def _check(migrations: list[Migration], applied: dict[int, str]) -> None:
    for migration in migrations:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"unable to migrate; {migration.name} was changed after it was applied"
            )
