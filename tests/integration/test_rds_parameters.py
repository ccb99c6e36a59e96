"""The table of RDS's parameters against the real Postgres 18: whatever RDS takes, Postgres does."""

from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from local.services.embedded_postgres import EmbeddedPostgres
from tests.fixtures.rds_parameters import FAMILIES, Choice, Range, refusal

PARAMETERS = {
    name: allowed
    for name, allowed in FAMILIES["postgres18"].items()
    if not name.startswith("rds.")  # RDS's own
}


@pytest.fixture
def cursor(postgres: EmbeddedPostgres) -> Iterator[Cursor]:
    connection = psycopg2.connect(postgres.url)
    connection.autocommit = True
    try:
        with connection.cursor() as made:
            yield made
            made.execute("ALTER SYSTEM RESET ALL")
    finally:
        connection.close()


def values(allowed: Choice | Range) -> list[str]:
    if isinstance(allowed, Range):
        return [str(allowed.low), str(allowed.high)]
    return [*allowed.words, *([",".join(allowed.words)] if allowed.several else [])]


@pytest.mark.parametrize("name", PARAMETERS)
def test_postgres_takes_what_rds_takes(cursor: Cursor, name: str) -> None:
    for value in values(PARAMETERS[name]):
        assert refusal("postgres18", name, value) is None
        # Not reloaded: the value is checked, and not put to use.
        cursor.execute(f"ALTER SYSTEM SET {name} = %s", (value,))


def test_postgres_checks_a_value_when_it_is_set(cursor: Cursor) -> None:
    with pytest.raises(psycopg2.errors.InvalidParameterValue):
        cursor.execute("ALTER SYSTEM SET log_connections = 'authenticaton'")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_connections", "1"),  # Postgres takes it
        ("log_connections", "receipt, all"),
        ("log_connections", ""),
        ("idle_in_transaction_session_timeout", "1min"),  # Postgres takes it
        ("log_error_verbosity", "TERSE"),
        ("log_min_error_statment", "panic"),
    ],
)
def test_what_rds_refuses_is_refused(name: str, value: str) -> None:
    assert refusal("postgres18", name, value)
