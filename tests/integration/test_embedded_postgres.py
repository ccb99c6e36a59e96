"""The embedded Postgres that the local run and the tests stand on."""

import signal
import subprocess
from pathlib import Path

import psycopg2
import pytest

from local.errors import LocalError
from local.postgres import EmbeddedPostgres, unprivileged


def _query(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
            assert row is not None
            return row[0]
    finally:
        connection.close()


def test_it_is_postgres_18_over_tcp(database_url: str) -> None:
    assert str(_query(database_url, "SHOW server_version")).startswith("18.")


def test_committed_data_survives_a_crash(tmp_path: Path) -> None:
    server = EmbeddedPostgres(data_dir=tmp_path / "data")
    server.start()
    try:
        _query(server.url, "CREATE TABLE kept AS SELECT 42 AS n; SELECT 1")
        server.stop(signal.SIGQUIT)
        server.start()
        assert _query(server.url, "SELECT n FROM kept") == 42
    finally:
        server.stop()


def test_a_wrong_password_is_refused(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(host="127.0.0.1", port=postgres.port, user="postgres", password="wrong")


def test_data_of_another_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("12\n")
    with pytest.raises(LocalError, match=r"Postgres 12, this is 18: run with --fresh"):
        EmbeddedPostgres(data_dir=tmp_path).start()


def test_a_taken_port_is_said(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    second = EmbeddedPostgres(data_dir=tmp_path / "data", port=postgres.port)
    with pytest.raises(LocalError, match=f"did not start on port {postgres.port}"):
        second.start()


def test_the_server_can_use_a_checkout_that_is_closed_to_other_users(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "program"
    program.touch(mode=0o700)
    assert subprocess.run([*unprivileged(), "test", "-x", program], check=False).returncode == 0
