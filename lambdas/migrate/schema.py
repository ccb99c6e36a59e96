"""The whole of a deploy's work on the database: roles, migrations, grants, in one transaction."""

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.migrate import migrations, roles
from lambdas.migrate.migrations import Migration


def bring_up_to_date(cursor: Cursor, files: list[Migration]) -> list[str]:
    """Bring the database to this release; returns the names of the migrations it applied.

    Raises:
        MigrationError: the files do not fit what the database has had.
    """
    # A name without a schema is Postgres' own: the user that migrates does not call a function that
    # another role has put into `public`.
    cursor.execute("SET LOCAL search_path = pg_catalog, pg_temp")
    migrations.lock(cursor)
    roles.prepare(cursor)
    with roles.as_owner(cursor):
        applied = migrations.apply(cursor, files)
    roles.limit(cursor)
    roles.leave(cursor)
    return applied
