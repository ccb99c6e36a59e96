"""A rig of each test's own; where Postgres itself is to be hurt, on a server of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.services.embedded_postgres import EmbeddedPostgres
from local.system.ports import free_port
from tests.fixtures.ably import LocalAbly
from tests.fixtures.postgres import create_database
from tests.fixtures.rig import Rig, rigged


@pytest.fixture
def rig(postgres: EmbeddedPostgres, database_url: str, local_ably: LocalAbly) -> Iterator[Rig]:
    with rigged(postgres, database_url, local_ably) as rig:
        yield rig


@pytest.fixture(scope="module")
def mortal_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server that tests may stop; its port is known before it is started."""
    folder: Path = tmp_path_factory.mktemp("mortal")
    server = EmbeddedPostgres(data_dir=folder / "data", port=free_port(), durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mortal_rig(mortal_postgres: EmbeddedPostgres, local_ably: LocalAbly) -> Iterator[Rig]:
    url = mortal_postgres.database_url(create_database(mortal_postgres))
    with rigged(mortal_postgres, url, local_ably) as rig:
        yield rig
