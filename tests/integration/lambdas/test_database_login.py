"""How the functions get in: by IAM token, over a line whose other end is verified."""

import json
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.common.database import Database
from lambdas.common.errors import DatabaseUnavailableError
from lambdas.common.secrets import Secrets
from lambdas.common.settings import DatabaseSettings, SettingsReader
from lambdas.migrate import migrations, roles, schema
from scripts.amazon_certificates import BUNDLES
from tests.deploy import rds
from tests.deploy.rds import REGION, Rds
from tests.fixtures.aws import Aws

MASTER = "master"


@pytest.fixture(scope="module", params=[False, True], ids=["as documented", "strictly"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rds]:
    """RDS with its master user, and RDS that takes no password from who has made roles of rds_iam.

    Which of the two RDS is for a maker of roles, no document says.
    """
    folder = tmp_path_factory.mktemp("rds")
    with rds.running(folder, strictly=request.param) as running:
        connection = psycopg2.connect(running.superuser_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {MASTER} LOGIN CREATEROLE PASSWORD 'right'")
            cursor.execute(f"GRANT rds_iam TO {MASTER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
            cursor.execute(f"CREATE DATABASE chat OWNER {MASTER}")
        connection.close()
        yield running


@pytest.fixture
def place(aws: Aws, server: Rds) -> dict[str, str]:  # noqa: ARG001  # has credentials set
    """The variables of every function: where the database is, and whom to believe that it is it."""
    return {
        "AWS_REGION": REGION,
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(server.port),
        "DB_NAME": "chat",
        "DB_SSLMODE": "verify-full",
        "DB_SSLROOTCERT": str(server.authority),
    }


@pytest.fixture
def as_migrate(aws: Aws, place: dict[str, str]) -> dict[str, str]:
    secret = json.dumps({"username": MASTER, "password": "right"})
    arn = aws.create_secret("master", secret)
    return {**place, "DB_AUTH": "secret-or-iam", "DB_SECRET_ARN": arn}


def database(environment: dict[str, str]) -> Database:
    reader = SettingsReader(environment)
    settings = DatabaseSettings.read(reader)
    reader.finish()
    return Database(settings, Secrets())


def migrate(environment: dict[str, str]) -> list[str]:
    made = database(environment)
    try:
        return made.run(lambda cursor: schema.bring_up_to_date(cursor, migrations.load())).applied
    finally:
        made.close()


def whoami(cursor: Cursor) -> tuple[str, bool]:
    """Who one is, and whether the line is encrypted as far as the server's door."""
    cursor.execute("SELECT current_user")
    [(user,)] = cursor.fetchall()
    return str(user), bool(cursor.connection.info.ssl_in_use)


def test_each_deploy_gets_in_whatever_its_roles_have_made_of_the_master_user(
    as_migrate: dict[str, str],
) -> None:
    migrate(as_migrate)
    assert migrate(as_migrate) == []
    assert migrate(as_migrate) == []


def test_a_function_gets_in_as_its_role_by_token(
    as_migrate: dict[str, str], place: dict[str, str]
) -> None:
    migrate(as_migrate)
    chat = database({**place, "DB_AUTH": "iam", "DB_USER": roles.CHAT})
    assert chat.run(whoami) == (roles.CHAT, True)
    # A new connection has a new token, and one that is kept needs none.
    pid = chat.run(lambda cursor: cursor.connection.info.backend_pid)
    assert chat.run(lambda cursor: cursor.connection.info.backend_pid) == pid
    chat.close()
    assert chat.run(whoami) == (roles.CHAT, True)
    chat.close()


def test_a_server_that_amazon_has_not_signed_is_not_believed(place: dict[str, str]) -> None:
    amazon = {**place, "DB_SSLROOTCERT": str(BUNDLES[0])}
    chat = database({**amazon, "DB_AUTH": "iam", "DB_USER": roles.CHAT})
    with pytest.raises(DatabaseUnavailableError) as raised:
        chat.run(whoami)
    assert "certificate verify failed" in str(raised.value.__cause__)


def test_a_server_of_another_name_is_not_believed(place: dict[str, str]) -> None:
    elsewhere = {**place, "DB_HOST": "localhost"}
    chat = database({**elsewhere, "DB_AUTH": "iam", "DB_USER": roles.CHAT})
    with pytest.raises(DatabaseUnavailableError) as raised:
        chat.run(whoami)
    assert "does not match host name" in str(raised.value.__cause__)


def test_a_role_that_is_not_there_is_an_error_that_shows_no_token(place: dict[str, str]) -> None:
    nobody = database({**place, "DB_AUTH": "iam", "DB_USER": "nobody"})
    with pytest.raises(DatabaseUnavailableError, match=r"^unable to connect to the database$"):
        nobody.run(whoami)
