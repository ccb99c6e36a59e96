"""docs/database-permissions.md says what a migrated, installed database grants: all and no more."""

import re
from pathlib import Path

import pytest

from connector_task.cli import commands
from connector_task.config.sources import load
from lambdas.migrate import migrations, roles, schema
from tests.fakes.logger import MemoryLogger
from tests.fixtures.ably import LocalAbly
from tests.fixtures.connector import environment, mappings, query
from tests.fixtures.roles import ROLES, as_role, let_in_by_password
from tests.integration.lambdas.conftest import opened

DOCUMENT = Path(__file__).parents[2] / "docs" / "database-permissions.md"
# What each role was granted, but for what it owns: (object, grant, role).
GRANTS = """
    WITH granted (object, privilege, grantee) AS (
        SELECT 'database', acl.privilege_type, acl.grantee
        FROM pg_database, aclexplode(datacl) AS acl
        WHERE datname = current_database() AND acl.grantee <> datdba
        UNION ALL
        SELECT format('schema %%s', nspname), acl.privilege_type, acl.grantee
        FROM pg_namespace, aclexplode(nspacl) AS acl
        WHERE acl.grantee <> nspowner
        UNION ALL
        SELECT
            format('%%s %%s', CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, name),
            acl.privilege_type,
            acl.grantee
        FROM pg_class AS class
        CROSS JOIN LATERAL (SELECT relnamespace::regnamespace || '.' || relname) AS qualified (name)
        CROSS JOIN LATERAL aclexplode(relacl) AS acl
        WHERE acl.grantee <> relowner
        UNION ALL
        SELECT
            format('table %%s.%%s', relnamespace::regnamespace, relname),
            format('%%s (%%s)', acl.privilege_type, string_agg(attname, ', ' ORDER BY attname)),
            acl.grantee
        FROM pg_attribute AS attribute
        JOIN pg_class AS class ON class.oid = attribute.attrelid
        CROSS JOIN LATERAL aclexplode(attacl) AS acl
        GROUP BY 1, acl.privilege_type, acl.grantee
        UNION ALL
        SELECT format('function %%s', function.oid::regprocedure), acl.privilege_type, acl.grantee
        FROM pg_proc AS function, aclexplode(proacl) AS acl
        WHERE acl.grantee <> proowner
    )
    SELECT object, privilege, grantee::regrole::text
    FROM granted
    WHERE grantee::regrole::text = ANY (%s)
"""
OWNERS = """
    SELECT relowner::regrole::text FROM pg_class
    WHERE relnamespace::regnamespace::text IN ('public', 'ably') AND relkind IN ('r', 'p', 'S')
    UNION
    SELECT proowner::regrole::text FROM pg_proc
    WHERE pronamespace::regnamespace::text IN ('public', 'ably')
    UNION
    SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'ably'
"""


@pytest.fixture
def deployed_url(database_url: str, local_ably: LocalAbly) -> str:
    """A database as a deploy leaves it: migrated, and installed by the owner."""
    with opened(database_url) as cursor:
        schema.bring_up_to_date(cursor, migrations.load())
    let_in_by_password(database_url)
    owner = as_role(database_url, roles.OWNER)
    connector = mappings("chat_data", "incoming-chat")
    variables = environment(owner, local_ably, connector, CONNECTOR_RUN_ROLE=roles.CONNECTOR)
    commands.install(load(None, variables), MemoryLogger())
    return database_url


def documented() -> set[tuple[str, str, str]]:
    """The rows of the table of grants."""
    _, _, body = DOCUMENT.read_text().partition("| object | grant | role | why |\n")
    rows = [line.strip("|").split("|") for line in body.partition("\n\n")[0].splitlines()[1:]]
    return {(re.sub("`", "", row[0]).strip(), row[1].strip(), row[2].strip(" `")) for row in rows}


def test_the_grants_are_those_of_the_document(deployed_url: str) -> None:
    assert set(query(deployed_url, GRANTS, list(ROLES))) == documented()


def test_everything_belongs_to_the_owner(deployed_url: str) -> None:
    assert query(deployed_url, OWNERS) == [(roles.OWNER,)]


def test_a_second_deploy_changes_no_grant(deployed_url: str) -> None:
    with opened(deployed_url) as cursor:
        schema.bring_up_to_date(cursor, migrations.load())
    assert set(query(deployed_url, GRANTS, list(ROLES))) == documented()


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (roles.CHAT, "SELECT FROM ably.outbox"),
        (roles.CHAT, "SELECT ably.publish('c', 'n', 'd')"),
        (roles.CHAT, "UPDATE chat_data SET client_id = 'somebody else'"),
        (roles.CHAT, "DELETE FROM chat_deleted"),
        (roles.CHAT, "TRUNCATE chat_data"),
        (roles.CHAT, "CREATE TABLE own ()"),
        (roles.CONNECTOR, "SELECT FROM public.chat_data"),
        (roles.CONNECTOR, "INSERT INTO ably.outbox (channel, data) VALUES ('c', 'd')"),
        (roles.CONNECTOR, "SELECT FROM ably.dead_letter"),
        (roles.CONNECTOR, "DROP TABLE ably.outbox"),
        (roles.OWNER, "CREATE ROLE another"),
        (roles.OWNER, "SET ROLE ably_chat"),
    ],
)
def test_a_role_may_not_do_what_is_not_its_work(
    deployed_url: str, role: str, statement: str
) -> None:
    with pytest.raises(Exception, match=r"permission denied|must be owner"):
        query(as_role(deployed_url, role), statement)
