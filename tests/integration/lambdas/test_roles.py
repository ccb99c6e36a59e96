"""The roles, made by a user like the master user of RDS: it may make roles, and is no superuser."""

from collections.abc import Iterator

import pytest

from lambdas.migrate import migrations, roles, schema
from local.services.embedded_postgres import EmbeddedPostgres
from tests.fixtures.postgres import create_database
from tests.integration.lambdas.conftest import opened, rows

MASTER = "master_user"
OWNERS = """
    SELECT DISTINCT class.relowner::regrole::text FROM pg_class AS class
    WHERE class.relnamespace = 'public'::regnamespace AND class.relkind IN ('r', 'S')
"""
LET_IN_BY_IAM = """
    SELECT rolname::text FROM pg_roles
    WHERE pg_has_role(oid, 'rds_iam', 'MEMBER') AND rolname LIKE 'ably%' AND rolcanlogin
"""


@pytest.fixture(scope="module")
def rds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server with what RDS has beside Postgres: the role rds_iam, and who may grant it."""
    server = EmbeddedPostgres(data_dir=tmp_path_factory.mktemp("rds") / "data", durable=False)
    server.start()
    with opened(server.url) as cursor:
        cursor.execute(f"CREATE ROLE {MASTER} LOGIN CREATEROLE PASSWORD 'm'; CREATE ROLE rds_iam")
        cursor.execute(f"GRANT rds_iam TO {MASTER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    yield server
    server.stop()


@pytest.fixture
def master_url(rds: EmbeddedPostgres) -> str:
    """The master user's URL of an empty database."""
    database = create_database(rds)
    with opened(rds.url) as cursor:
        cursor.execute(f"ALTER DATABASE {database} OWNER TO {MASTER}")
    return f"postgresql://{MASTER}:m@127.0.0.1:{rds.port}/{database}"


def deploy(url: str) -> list[str]:
    with opened(url) as cursor:
        return schema.bring_up_to_date(cursor, migrations.load()).applied


def test_the_master_user_migrates_and_the_owner_owns_it_all(master_url: str) -> None:
    assert len(deploy(master_url)) == len(migrations.load())
    assert rows(master_url, OWNERS) == [(roles.OWNER,)]
    assert deploy(master_url) == []


def test_all_roles_log_in_by_iam_where_there_is_such_a_thing(master_url: str) -> None:
    deploy(master_url)
    expected = {(roles.OWNER,), (roles.CHAT,), (roles.CONNECTOR,)}
    assert set(rows(master_url, LET_IN_BY_IAM)) == expected


def test_the_master_user_is_no_member_of_the_owner_once_it_is_done(master_url: str) -> None:
    deploy(master_url)
    deploy(master_url)
    # To be able to give a role to others, as its maker is, is not to have it.
    having = """
        SELECT roleid::regrole::text FROM pg_auth_members
        WHERE member = current_user::regrole AND (inherit_option OR set_option)
    """
    assert rows(master_url, having) == []


def test_no_role_has_a_password_or_an_attribute_of_power(master_url: str, rds: object) -> None:
    deploy(master_url)
    assert isinstance(rds, EmbeddedPostgres)
    powers = """
        SELECT rolname::text, rolpassword FROM pg_authid
        WHERE rolname LIKE 'ably%'
            AND (rolpassword IS NOT NULL OR rolsuper OR rolcreaterole OR rolcreatedb
                OR rolreplication OR rolbypassrls)
    """
    assert rows(rds.url, powers) == []


def test_what_the_master_user_made_before_is_handed_over(master_url: str) -> None:
    with opened(master_url) as cursor:
        migrations.apply(cursor, migrations.load())
        cursor.execute(
            """
            CREATE SCHEMA ably CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY);
            CREATE FUNCTION ably.capture() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE FUNCTION public.ably_notify() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE TABLE public.ablycontroltable (tablename text);
            CREATE TABLE public.of_somebody_else (id bigint);
            """
        )
    assert deploy(master_url) == []
    still_the_masters = """
        SELECT relname::text FROM pg_class
        WHERE relowner = current_user::regrole AND relkind IN ('r', 'S')
        UNION ALL SELECT proname::text FROM pg_proc WHERE proowner = current_user::regrole
        UNION ALL SELECT nspname::text FROM pg_namespace WHERE nspowner = current_user::regrole
    """
    assert rows(master_url, still_the_masters) == [("of_somebody_else",)]


def test_the_time_limits_hold_in_this_database(master_url: str, rds: EmbeddedPostgres) -> None:
    deploy(master_url)
    with opened(rds.url) as cursor:
        cursor.execute(f"ALTER ROLE {roles.CHAT} PASSWORD 'c'")
    as_chat = master_url.replace(f"{MASTER}:m", f"{roles.CHAT}:c")
    limits = "SELECT current_setting('lock_timeout'), current_setting(%s)"
    idle = "idle_in_transaction_session_timeout"
    assert rows(as_chat, limits % f"'{idle}'") == [("5s", "15s")]


@pytest.fixture
def stranger_url(rds: EmbeddedPostgres, master_url: str) -> Iterator[str]:
    """The same database's URL for a role that may create in it, and that nobody trusts."""
    database = master_url.rpartition("/")[2]
    superuser_url = rds.database_url(database)
    with opened(superuser_url) as cursor:
        cursor.execute("CREATE ROLE stranger LOGIN PASSWORD 's'")
        cursor.execute(f"GRANT CREATE ON DATABASE {database} TO stranger")
        cursor.execute("GRANT CREATE ON SCHEMA public TO stranger")
    yield master_url.replace(f"{MASTER}:m", "stranger:s")
    with opened(superuser_url) as cursor:
        cursor.execute("DROP OWNED BY stranger CASCADE; DROP ROLE stranger")


def test_what_a_stranger_made_does_not_come_to_run_as_the_owner(
    rds: EmbeddedPostgres, stranger_url: str
) -> None:
    definer = "RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'"
    with opened(stranger_url) as cursor:
        cursor.execute("CREATE SCHEMA ably CREATE TABLE outbox ()")
        cursor.execute(f"CREATE FUNCTION ably.publish() {definer}")
        cursor.execute(f"CREATE FUNCTION public.ably_notify() {definer}")
    deploy(rds.database_url(stranger_url.rpartition("/")[2]))
    assert rows(stranger_url, "SELECT ably.publish(), public.ably_notify()") == [
        ("stranger", "stranger")
    ]
    owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'outbox'"
    assert rows(stranger_url, owner) == [("stranger",)]


def test_a_function_in_public_is_not_called_by_who_migrates(
    rds: EmbeddedPostgres, stranger_url: str
) -> None:
    with opened(stranger_url) as cursor:
        cursor.execute(
            """
            CREATE TABLE public.witness (who text);
            GRANT INSERT ON public.witness TO PUBLIC;
            CREATE FUNCTION public.format(pattern text, value name) RETURNS text
            LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO public.witness VALUES (current_user);
                RETURN pg_catalog.format(pattern, value);
            END $$
            """
        )
    with opened(rds.database_url(stranger_url.rpartition("/")[2])) as cursor:
        cursor.execute("CREATE SCHEMA ably")
    deploy(rds.database_url(stranger_url.rpartition("/")[2]))
    assert rows(stranger_url, "SELECT who FROM public.witness") == []
