"""The stand-in for RDS refuses what RDS refuses; otherwise the deploy would prove too little."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import psycopg2
import pytest

from tests.deploy import rds
from tests.deploy.certificate import make_authority
from tests.deploy.rds import REGION, Rds


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rds]:
    with rds.running(tmp_path_factory.mktemp("rds")) as running:
        connection = psycopg2.connect(running.superuser_url)
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE ROLE by_password LOGIN PASSWORD 'right'")
            cursor.execute("CREATE ROLE by_token LOGIN PASSWORD 'right' IN ROLE rds_iam")
        connection.close()
        yield running


def log_in(server: Rds, user: str, password: str, **options: str) -> str:
    """Log in and be told who one is."""
    where = f"host=127.0.0.1 port={server.port} dbname=postgres"
    how: dict[str, Any] = {
        "sslmode": "verify-full",
        "sslrootcert": str(server.authority),
        **options,
    }
    connection = psycopg2.connect(where, user=user, password=password, **how)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return str(cursor.fetchall()[0][0])
    finally:
        connection.close()


def token(server: Rds, user: str, region: str = REGION) -> str:
    session = botocore.session.get_session()
    session.set_credentials("AKIAEXAMPLE", "secret")
    client: Any = session.create_client("rds", region_name=region)
    return str(client.generate_db_auth_token("127.0.0.1", server.port, user, region))


def test_a_password_lets_in_who_is_not_of_rds_iam(server: Rds) -> None:
    assert log_in(server, "by_password", "right") == "by_password"
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        log_in(server, "by_password", "wrong")


def test_a_token_lets_in_who_is_of_rds_iam_and_a_password_does_not(server: Rds) -> None:
    assert log_in(server, "by_token", token(server, "by_token")) == "by_token"
    with pytest.raises(psycopg2.OperationalError, match="PAM authentication failed"):
        log_in(server, "by_token", "right")


@pytest.mark.parametrize(("user", "region"), [("by_password", REGION), ("by_token", "us-east-1")])
def test_a_token_for_something_else_lets_nobody_in(server: Rds, user: str, region: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match="PAM authentication failed"):
        log_in(server, "by_token", token(server, user, region))


def test_nothing_goes_without_tls_and_the_certificate_is_of_its_own_authority(
    server: Rds, tmp_path: Path
) -> None:
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        log_in(server, "by_password", "right", sslmode="disable")
    other = tmp_path / "authority.pem"
    other.write_bytes(make_authority(tmp_path).bundle.read_bytes())
    with pytest.raises(psycopg2.OperationalError, match="SSL error"):
        log_in(server, "by_password", "right", sslrootcert=str(other))
