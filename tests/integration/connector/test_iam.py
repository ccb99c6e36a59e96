"""The connector's two containers as a task starts them: by IAM, over verified TLS, one by one."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lambdas.migrate import migrations, roles, schema
from tests.deploy import rds
from tests.deploy.rds import REGION, Rds
from tests.fixtures.ably import LocalAbly
from tests.fixtures.connector import command, environment, mappings, query, running
from tests.fixtures.waiting import eventually
from tests.integration.lambdas.conftest import opened

MOST_MEMORY_BYTES = 120 * 1024 * 1024
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rds]:
    """A server with RDS's manners and a migrated database."""
    with rds.running(tmp_path_factory.mktemp("rds")) as running_server:
        with opened(running_server.superuser_url) as cursor:
            schema.bring_up_to_date(cursor, migrations.load())
        yield running_server


def variables(server: Rds, ably: LocalAbly, role: str, **more: str) -> dict[str, str]:
    """What a container is told, and the credentials of its task."""
    url = f"postgresql://{role}@127.0.0.1:{server.port}/postgres"
    by_iam = {
        "DB_AUTH": "iam",
        "DB_REGION": REGION,
        "DB_SSLMODE": "verify-full",
        "DB_SSLROOTCERT": str(server.authority),
    }
    connector = mappings("chat_data", "incoming-chat")
    return environment(url, ably, connector, **by_iam, **CREDENTIALS, **more)


def test_the_owner_installs_and_the_other_role_relays(server: Rds, local_ably: LocalAbly) -> None:
    run_role = {"CONNECTOR_RUN_ROLE": roles.CONNECTOR}
    installed = command("install", variables=variables(server, local_ably, roles.OWNER, **run_role))
    assert installed.returncode == 0, installed.stderr
    relaying = variables(server, local_ably, roles.CONNECTOR, CONNECTOR_INSTALL="false")
    with running("run", variables=relaying) as connector:
        connector.until("leading")
        query(server.superuser_url, "INSERT INTO public.chat_data (msg_id) VALUES ('m')")
        eventually(lambda: bool(local_ably.published("incoming-chat")), "the row's message")
        who = (
            "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE application_name ~ '^ably-c'"
        )
        # The server may take a moment to notice that the installation's session is over.
        eventually(
            lambda: query(server.superuser_url, who) == [(roles.CONNECTOR,)], "the relay alone"
        )
        assert psutil.Process(connector.pid).memory_info().rss < MOST_MEMORY_BYTES


def test_amazons_authorities_do_not_vouch_for_another_server(
    server: Rds, local_ably: LocalAbly
) -> None:
    bundle = Path("connector_task/certificates/amazon.pem")
    trusting_amazon = {
        **variables(server, local_ably, roles.OWNER),
        "DB_SSLROOTCERT": str(bundle),
    }
    refused = command("install", variables=trusting_amazon)
    assert refused.returncode == 1
    assert "certificate verify failed" in refused.stderr
