"""A database whose owner installs, and in which another role has a schema of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lambdas.migrate.roles import OWNER
from local.services.embedded_postgres import EmbeddedPostgres
from tests.fixtures.connector import query
from tests.fixtures.postgres import create_database
from tests.fixtures.roles import PASSWORD, as_role, prepare_roles
from tests.integration.connector.captured import CapturedDatabase

OPERATIONS = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
TRIGGER = """
CREATE TRIGGER forged AFTER {operation} ON {table} {transition}
FOR EACH STATEMENT EXECUTE FUNCTION ably.{function}()
"""
TRANSITIONS = {
    "INSERT": "REFERENCING NEW TABLE AS changed",
    "UPDATE": "REFERENCING OLD TABLE AS before NEW TABLE AS changed",
    "DELETE": "REFERENCING OLD TABLE AS changed",
    "TRUNCATE": "",
}
CHANGES = {
    "INSERT": "INSERT INTO {table} DEFAULT VALUES",
    "UPDATE": "UPDATE {table} SET id = 2",
    "DELETE": "DELETE FROM {table}",
    "TRUNCATE": "TRUNCATE {table}",
}


class SharedDatabase(CapturedDatabase):
    """The owner's view of it. The stranger may do what an operator grants a caller of `publish`.

    Attributes:
        superuser_url: for who may do anything; `url` is the owner's.
        stranger: a role that owns schema `own`.
    """

    def __init__(self, superuser_url: str, stranger: str) -> None:
        prepare_roles(superuser_url)
        super().__init__(as_role(superuser_url, OWNER))
        self.superuser_url = superuser_url
        self.stranger = stranger
        self.as_superuser(f"CREATE ROLE {stranger} LOGIN PASSWORD '{PASSWORD}'")
        self.as_superuser(f"CREATE SCHEMA own AUTHORIZATION {stranger}")
        self.sql("CREATE TABLE users (id bigint PRIMARY KEY DEFAULT 1, name text)")
        self.sql(f"GRANT ALL ON users TO {stranger}")

    def as_superuser(self, text: str) -> list[tuple[Any, ...]]:
        """Run statements as who may do anything, in one transaction."""
        return query(self.superuser_url, text)

    def as_stranger(self, text: str) -> list[tuple[Any, ...]]:
        """Run statements as the stranger, in one session and transaction."""
        return query(as_role(self.superuser_url, self.stranger), text)

    def install_every_operation(self, **options: Any) -> None:
        """Have all changes of `users` captured, and the stranger use schema ably."""
        rows = ({"operation": one, **options} for one in OPERATIONS if one != "TRUNCATE")
        self.install({"operation": "TRUNCATE"}, *rows)
        self.sql(f"GRANT USAGE ON SCHEMA ably TO {self.stranger}")

    def grant_as_an_older_release(self) -> None:
        """Give what Postgres gives by default, and releases before 0003 left as it was."""
        self.sql("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ably TO PUBLIC")

    def trigger(self, operation: str, table: str) -> str:
        """The statement that has a table call the capture function of `users`."""
        function = self.functions()[operation]
        transition = TRANSITIONS[operation]
        return TRIGGER.format(
            operation=operation, table=table, transition=transition, function=function
        )

    def functions(self) -> dict[str, str]:
        """The capture function of each operation."""
        found = self.sql("SELECT proname::text FROM pg_proc WHERE proname ~ '^capture_'")
        return {name.rpartition("_")[2].upper(): name for (name,) in found}


@contextmanager
def shared_database(server: EmbeddedPostgres) -> Iterator[SharedDatabase]:
    """A new one, with a stranger that is gone when the block ends."""
    name = create_database(server)
    stranger = f"stranger_{name}"
    db = SharedDatabase(server.database_url(name), stranger)
    try:
        yield db
    finally:
        db.as_superuser(f"DROP OWNED BY {stranger} CASCADE")
        db.as_superuser(f"DROP ROLE {stranger}")
