"""A deploy's whole work on the database: roles, migrations, grants, in one transaction."""

from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.migrate import migrations, roles
from lambdas.migrate.migrations import Migration


@dataclass(frozen=True)
class Outcome:
    """The result, as names of migrations.

    Attributes:
        applied: applied by this run.
        ahead: applied by a later release, and unknown to this one.
    """

    applied: list[str]
    ahead: list[str]


def bring_up_to_date(cursor: Cursor, files: list[Migration]) -> Outcome:
    """Bring the database to this release.

    Raises:
        MigrationError: the files differ from those that the database has applied.
    """
    # Unqualified names find only Postgres' own objects, so that the migrating user does not call a
    # function that another role has put into `public`.
    cursor.execute("SET LOCAL search_path = pg_catalog, pg_temp")
    migrations.lock(cursor)
    roles.prepare(cursor)
    with roles.as_owner(cursor):
        outcome = Outcome(migrations.apply(cursor, files), migrations.ahead(cursor, files))
    roles.limit(cursor)
    roles.leave(cursor)
    return outcome
