"""The whole of a deploy's work on the database: roles, migrations, grants, in one transaction."""

from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.migrate import migrations, roles
from lambdas.migrate.migrations import Migration


@dataclass(frozen=True)
class Outcome:
    """What came of it, as names of migrations.

    Attributes:
        applied: by this run.
        ahead: by a later release, which this one does not have.
    """

    applied: list[str]
    ahead: list[str]


def bring_up_to_date(cursor: Cursor, files: list[Migration]) -> Outcome:
    """Bring the database to this release.

    Raises:
        MigrationError: the files do not fit what the database has had.
    """
    # A name without a schema is Postgres' own: the user that migrates does not call a function that
    # another role has put into `public`.
    cursor.execute("SET LOCAL search_path = pg_catalog, pg_temp")
    migrations.lock(cursor)
    roles.prepare(cursor)
    with roles.as_owner(cursor):
        outcome = Outcome(migrations.apply(cursor, files), migrations.ahead(cursor, files))
    roles.limit(cursor)
    roles.leave(cursor)
    return outcome
