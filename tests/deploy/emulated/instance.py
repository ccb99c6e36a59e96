"""DB instances: each has its master account and its database in one real Postgres.

Parameter groups are refused where RDS refuses them, and set in that Postgres.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from ministack.services import rds
from psycopg2 import sql

from tests.deploy.emulated.handlers import Made, Properties, wrap_handler
from tests.fixtures.rds_parameters import refusal

OTHERS_ROLES = "SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|rds)' AND NOT rolsuper"


@dataclass(frozen=True)
class DatabaseInstances:
    """What RDS does when an instance or its parameter group is made, changed or removed.

    Attributes:
        superuser_url: of the server.
        port: of 127.0.0.1, where clients reach it.
        groups: the parameters of each parameter group, by its name.
    """

    superuser_url: str
    port: int
    groups: dict[str, dict[str, str]] = field(default_factory=dict)

    def install(self) -> None:
        """Have MiniStack do it."""
        wrap_handler("AWS::RDS::DBParameterGroup", "create", self._create_group)
        wrap_handler("AWS::RDS::DBParameterGroup", "update", self._update_group)
        wrap_handler("AWS::RDS::DBInstance", "create", self._create)
        wrap_handler("AWS::RDS::DBInstance", "delete", self._delete)

    def _create_group(
        self, original: Callable[..., Made], logical_id: str, properties: Properties, stack: str
    ) -> Made:
        _refuse(properties)
        made = original(logical_id, properties, stack)
        self.groups[made[0]] = properties["Parameters"]
        return made

    def _update_group(
        self,
        original: Callable[..., Made],
        name: str,
        old: Properties,
        new: Properties,
        *rest: Any,
    ) -> Made:
        _refuse(new)
        made = original(name, old, new, *rest)
        self.groups[name] = new["Parameters"]
        self._set_parameters(name)
        return made

    def _set_parameters(self, group: str) -> None:
        """Set in Postgres what is not RDS's own."""
        self._run(sql.SQL("ALTER SYSTEM RESET ALL"))
        for name, value in self.groups[group].items():
            if not name.startswith("rds."):
                setting = (sql.Identifier(name), sql.Literal(value))
                self._run(sql.SQL("ALTER SYSTEM SET {} = {}").format(*setting))
        self._run(sql.SQL("SELECT pg_reload_conf()"))

    def _create(
        self, original: Callable[..., Made], logical_id: str, properties: Properties, stack: str
    ) -> Made:
        self._set_parameters(properties["DBParameterGroupName"])
        self._make_master(properties)
        physical_id, attributes = original(logical_id, properties, stack)
        endpoint = {"Address": "127.0.0.1", "Port": self.port}
        rds._instances[physical_id]["Endpoint"].update(endpoint)  # noqa: SLF001
        shown = {f"Endpoint.{name}": str(value) for name, value in endpoint.items()}
        return physical_id, {**attributes, **shown}

    def _make_master(self, properties: Properties) -> None:
        """Make a master that is no superuser, and its database."""
        master = sql.Identifier(properties["MasterUsername"])
        account = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}")
        self._run(account.format(master, sql.Literal(properties["MasterUserPassword"])))
        # It may let others in by IAM, and is let in by its password itself.
        iam = sql.SQL("GRANT rds_iam TO {} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
        self._run(iam.format(master))
        self._run(
            sql.SQL("GRANT pg_monitor, pg_signal_backend TO {} WITH ADMIN TRUE").format(master)
        )
        database = sql.Identifier(properties["DBName"])
        self._run(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, master))

    def _delete(
        self, original: Callable[..., None], physical_id: str, properties: Properties
    ) -> None:
        database, master = properties["DBName"], properties["MasterUsername"]
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))
        self._run(sql.SQL("REVOKE rds_iam FROM {} CASCADE").format(sql.Identifier(master)))
        roles = [str(name) for (name,) in self._run(sql.SQL(OTHERS_ROLES))]
        for role in sorted(roles, key=lambda name: name == master):
            self._run(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
        original(physical_id, properties)

    def _run(self, statement: sql.Composable) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.superuser_url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def _refuse(group: Properties) -> None:
    """As RDS does, with its words.

    Raises:
        ValueError: a parameter or its value is not one of the family's.
    """
    for name, value in group["Parameters"].items():
        if problem := refusal(group["Family"], name, value):
            raise ValueError(f"{problem} (Service: Rds, Status Code: 400)")
