"""What `install` takes back, refuses to build on, and warns of: who could run code as its role."""

import pytest
from psycopg2 import errors

from connector_task.errors import InstallationError
from lambdas.migrate.roles import CONNECTOR, OWNER
from tests.integration.connector.captured import CapturedDatabase
from tests.integration.connector.shared import SharedDatabase

GRANTED = """
SELECT proname::text, acl.grantee::regrole::text
FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS acl
WHERE pronamespace = 'ably'::regnamespace AND acl.grantee <> proowner
ORDER BY 1, 2
"""
PUBLIC_MAY = """
SELECT relname::text FROM pg_class, aclexplode(relacl) AS acl
WHERE relnamespace = 'ably'::regnamespace AND acl.grantee = 0
UNION ALL
SELECT typname::text FROM pg_type, aclexplode(coalesce(typacl, acldefault('T', typowner))) AS acl
WHERE typnamespace = 'ably'::regnamespace AND typrelid <> 0 AND acl.grantee = 0
UNION ALL
SELECT nspname::text FROM pg_namespace, aclexplode(nspacl) AS acl
WHERE nspname = 'ably' AND acl.privilege_type = 'CREATE' AND acl.grantee <> nspowner
"""


def test_the_next_installation_takes_back_what_an_older_one_left(shared: SharedDatabase) -> None:
    shared.install({})
    shared.grant_as_an_older_release()
    stranger = shared.stranger
    shared.sql(f"GRANT USAGE ON SCHEMA ably TO {stranger}")
    capture = shared.functions()["INSERT"]
    shared.sql(f"GRANT EXECUTE ON FUNCTION ably.{capture} TO {stranger} WITH GRANT OPTION")
    shared.as_stranger(f"GRANT EXECUTE ON FUNCTION ably.{capture} TO {CONNECTOR}")
    shared.sql(f"GRANT CREATE ON SCHEMA ably TO PUBLIC, {stranger}")
    shared.sql("GRANT SELECT ON ably.outbox TO PUBLIC")
    shared.sql("GRANT UPDATE ON SEQUENCE ably.awake TO PUBLIC")
    assert shared.installation({}).install().is_empty
    assert shared.sql(GRANTED) == []
    assert shared.sql(PUBLIC_MAY) == []


def test_what_an_operator_grants_by_name_survives_an_installation(shared: SharedDatabase) -> None:
    shared.install({})
    stranger = shared.stranger
    shared.sql(f"GRANT USAGE ON SCHEMA ably TO {stranger}")
    shared.sql(f"GRANT EXECUTE ON FUNCTION ably.publish, ably.publish_json TO {stranger}")
    shared.sql(f"GRANT SELECT ON ably.dead_letter TO {stranger}")
    shared.install({"ablychannelname": "others"})
    assert shared.sql(GRANTED) == [("publish", stranger), ("publish_json", stranger)]
    shared.as_stranger("SELECT ably.publish('c', 'n', 'd'); SELECT count(*) FROM ably.dead_letter")


def test_default_privileges_give_nobody_what_install_makes(shared: SharedDatabase) -> None:
    shared.sql(
        f"ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO {shared.stranger};"
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;"
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO PUBLIC"
    )
    shared.install({})
    assert shared.functions()["INSERT"] not in {name for name, _ in shared.sql(GRANTED)}
    assert "-" not in {grantee for _, grantee in shared.sql(GRANTED)}  # PUBLIC
    assert shared.sql(PUBLIC_MAY) == []


def test_the_schema_cannot_be_kept_from_changing_by_a_table_of_its_row_types(
    shared: SharedDatabase,
) -> None:
    shared.install_every_operation()
    with pytest.raises(errors.InsufficientPrivilege, match="permission denied for type"):
        shared.as_stranger("CREATE TABLE own.t (message ably.outbox)")


def test_a_mapping_of_a_table_that_another_role_owns_can_be_taken_away(
    shared: SharedDatabase,
) -> None:
    shared.as_stranger("CREATE TABLE own.t (id int)")
    shared.as_stranger(f"GRANT USAGE ON SCHEMA own TO {OWNER}; GRANT TRIGGER ON own.t TO {OWNER}")
    shared.install({"tablename": "own.t"})
    shared.as_stranger("INSERT INTO own.t VALUES (1)")
    shared.install()
    shared.as_stranger("INSERT INTO own.t VALUES (2)")
    assert [row["id"] for _, _, row in shared.take()] == [1]


# What a role that may create in `public` would have the connector call in place of Postgres' own.
OVERLOADS = """
CREATE TABLE own.witness (who text);
GRANT USAGE ON SCHEMA own TO PUBLIC;
GRANT INSERT ON own.witness TO PUBLIC;
CREATE FUNCTION own.note(state text[], value text) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO own.witness VALUES (current_user);
    RETURN state || value;
END $$;
CREATE AGGREGATE public.array_agg(text) (SFUNC = own.note, STYPE = text[]);
CREATE FUNCTION public.format(pattern text, value name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO own.witness VALUES (current_user);
    RETURN pg_catalog.format(pattern, value);
END $$;
CREATE FUNCTION public.hashtextextended(value text, seed int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO own.witness VALUES (current_user);
    RETURN 0;
END $$;
"""


def test_a_function_in_public_is_not_called_in_place_of_postgres_own(
    shared: SharedDatabase,
) -> None:
    shared.as_superuser(f"GRANT CREATE ON SCHEMA public TO {shared.stranger}")
    shared.as_stranger(OVERLOADS)
    for _ in range(2):
        shared.install({"tablename": "users"})
        shared.installation({}).check()
    shared.sql("SELECT ably.shard_of('a', 2)")
    assert shared.as_superuser("SELECT * FROM own.witness") == []


# It fits the arguments of a capture function's call better than the one of that name which is ours.
FORGED_FUNCTION = """
CREATE FUNCTION ably.truncated_message(name, text, json, text[]) RETURNS text
LANGUAGE sql AS 'SELECT NULL::text'
"""


def test_a_schema_of_another_role_is_not_built_on(shared: SharedDatabase) -> None:
    shared.as_superuser(f"CREATE SCHEMA ably AUTHORIZATION {shared.stranger}")
    shared.as_superuser(f"GRANT ALL ON SCHEMA ably TO {OWNER}")
    attempts = (shared.installation({}), CapturedDatabase(shared.superuser_url).installation({}))
    for attempt, role in zip(attempts, (OWNER, "postgres"), strict=True):
        sentence = f"schema ably belongs to role {shared.stranger}, which could run code as {role}"
        for act in (attempt.check, attempt.install):
            with pytest.raises(InstallationError, match=sentence):
                act()


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (FORGED_FUNCTION, r"function ably.truncated_message\(name,text,json,text\[\]\)"),
        ("CREATE VIEW ably.outbox_view AS SELECT 1", "table ably.outbox_view"),
        ("CREATE VIEW public.ablycontroltable AS SELECT 1", "table public.ablycontroltable"),
    ],
)
def test_an_object_of_another_role_is_not_used(
    shared: SharedDatabase, made: str, named: str
) -> None:
    shared.sql("CREATE SCHEMA ably")
    shared.as_superuser(f"GRANT CREATE ON SCHEMA ably, public TO {shared.stranger}")
    shared.as_stranger(made)
    with pytest.raises(InstallationError, match=f"{named} belongs to role {shared.stranger}"):
        shared.install({})


def test_the_control_table_of_a_captured_tables_owner_is_used(shared: SharedDatabase) -> None:
    shared.as_superuser(f"GRANT CREATE ON SCHEMA public TO {shared.stranger}")
    shared.as_stranger(
        "CREATE TABLE own.t (id int);"
        f"GRANT USAGE ON SCHEMA own TO {OWNER}; GRANT TRIGGER ON own.t TO {OWNER};"
        "CREATE TABLE public.ablycontroltable (tablename varchar(100),"
        " ablychannelname varchar(100), operation varchar(50));"
        f"GRANT ALL ON public.ablycontroltable TO {OWNER}"
    )
    shared.install({"tablename": "own.t"})
    assert shared.sql("SELECT tablename FROM public.ablycontroltable") == [("own.t",)]


def test_an_installation_by_a_superuser_is_warned_of(shared: SharedDatabase) -> None:
    shared.install({})
    assert shared.logger.said("WARNING") == []
    assert shared.installation({}).check().superusers == ()
    shared.installation().uninstall(force=True)
    by_superuser = CapturedDatabase(shared.superuser_url)
    assert by_superuser.installation({}).check().superusers == ("postgres",)
    by_superuser.install({})
    *_, (level, message, fields) = by_superuser.logger.lines
    assert (level, message) == ("WARNING", "captures run as a superuser")
    assert fields["role"] == "postgres"
    assert "install as a role that owns schema ably" in fields["hint"]


def test_functions_that_a_superuser_left_are_warned_of(shared: SharedDatabase) -> None:
    CapturedDatabase(shared.superuser_url).install({})
    shared.as_superuser(f"ALTER SCHEMA ably OWNER TO {OWNER}")
    assert shared.installation({}).check().superusers == ("postgres",)
