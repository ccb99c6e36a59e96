"""Who could run code as the role that installs: what is refused, taken back, or warned of.

Capture functions run with their owner's rights, so that writers need none on schema ably. So no
other role may decide what they do. A role that owns a captured table, or a type of its columns, can
(by a cast to json, or a domain's constraint): that one is trusted, which is why no superuser should
install. docs/database-permissions.md says so to operators.
"""

from collections.abc import Iterable, Iterator

import psycopg2
from psycopg2 import sql

from connector_task.capture.plan import Capture, Trigger
from connector_task.capture.statements import statement
from connector_task.errors import ErrorCode, InstallationError
from connector_task.relay.ports import LogFields, Logger

Cursor = psycopg2.extensions.cursor

SUPERUSER_HINT = (
    "the owner of a captured table can run code as it; install as a role that owns schema ably and "
    "the tables, and is no superuser (docs/database-permissions.md)"
)
FOREIGN_TRIGGER_HINT = "it calls a function of the connector, which refuses it; drop the trigger"


def refuse_foreign_owners(cursor: Cursor, captures: Iterable[Capture]) -> None:
    """See that what an installation builds on belongs to a role that it can trust.

    Raises:
        InstallationError: it does not; all of it is named.
    """
    tables = [capture.table.oid for capture in captures]
    cursor.execute(statement("find_foreign_owners"), {"tables": tables})
    found = [
        f"{thing} belongs to role {owner}, which could run code as {role}: install as {owner}, "
        f"or {remedy}"
        for thing, owner, role, remedy in cursor.fetchall()
    ]
    if found:
        raise InstallationError(ErrorCode.INSTALLATION_REFUSED, "; ".join(found))


def record_triggers(cursor: Cursor, captures: Iterable[Capture]) -> None:
    """Have the capture functions know the triggers that are theirs."""
    made = [
        (trigger.relation.oid, capture.function_name)
        for capture in captures
        for trigger in capture.triggers
    ]
    parameters = {
        "relations": [relation for relation, _ in made],
        "functions": [function for _, function in made],
    }
    cursor.execute(statement("record_triggers"), parameters)


def grant_and_take_back(cursor: Cursor, run_role: str | None) -> None:
    """Give the relay's role what it needs, and other roles nothing that they can do harm with."""
    cursor.execute(statement("take_back_rights"))
    if run_role:
        grants = sql.SQL(statement("grant_run_role"))
        cursor.execute(grants.format(role=sql.Identifier(run_role)))


def superusers(cursor: Cursor) -> tuple[str, ...]:
    """The superusers as which functions of schema ably run, or would after an installation."""
    cursor.execute(statement("find_superusers"))
    return tuple(name for (name,) in cursor.fetchall())


def warn(logger: Logger, superusers: Iterable[str], foreign: Iterable[Trigger]) -> None:
    """Log a warning for each superuser, and for each trigger that is refused."""
    for role in superusers:
        fields = LogFields(action="install", role=role, hint=SUPERUSER_HINT)
        logger.warning("captures run as a superuser", fields)
    for trigger in foreign:
        fields = LogFields(
            action="install",
            table=f"{trigger.schema}.{trigger.table}",
            trigger=trigger.name,
            hint=FOREIGN_TRIGGER_HINT,
        )
        logger.warning("trigger was not made by the connector", fields)


def warnings(superusers: Iterable[str], foreign: Iterable[Trigger]) -> Iterator[str]:
    """The same as sentences, for a person."""
    for role in superusers:
        yield f"captures run as {role}, a superuser: {SUPERUSER_HINT}"
    for trigger in foreign:
        place = f"{trigger.name} on {trigger.schema}.{trigger.table}"
        yield f"trigger {place} was not made by the connector: {FOREIGN_TRIGGER_HINT}"
