"""What stands for RDS: an embedded Postgres with RDS's own roles, behind RDS's manners."""

import asyncio
import contextlib
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql

from local.services.embedded_postgres import EmbeddedPostgres
from local.system import unprivileged
from tests.deploy.certificate import make_authority
from tests.deploy.rds_endpoint import RdsEndpoint

REGION = "eu-west-1"
SUPERUSER = "rdsadmin"
PASSWORD = "rdsadmin"
HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class Rds:
    """A running database server.

    Attributes:
        superuser_url: straight into Postgres, as the superuser that RDS keeps to itself.
        port: of the endpoint, which clients use.
        authority: PEM file that signed the endpoint's certificate.
    """

    superuser_url: str
    port: int
    authority: Path


@contextlib.contextmanager
def running(folder: Path, *, strictly: bool = False) -> Iterator[Rds]:
    """A server without an instance's master and database, which a DB instance makes.

    Args:
        folder: where it keeps everything.
        strictly: ask also who has made a role of rds_iam for a token: since Postgres 16 its maker
            is a member of it, if without its rights, and pg_hba.conf's `+` counts every member.
    """
    with contextlib.ExitStack() as stack:
        # A Unix socket's path is short, the folders of tests are not; and the server's user may be
        # another than ours.
        sockets = Path(tempfile.mkdtemp(prefix="rds-"))
        stack.callback(shutil.rmtree, sockets, ignore_errors=True)
        hba = sockets / "pg_hba.conf"
        hba.write_text(HBA)
        unprivileged.give(sockets)
        server = EmbeddedPostgres(
            data_dir=folder / "rds",
            durable=False,
            options={"hba_file": str(hba), "unix_socket_directories": str(sockets)},
        )
        server.start()
        stack.callback(server.stop)
        url = _take_over(server)
        authority = make_authority(folder)
        endpoint = RdsEndpoint(
            postgres_port=server.port,
            trusted_socket=str(sockets / f".s.PGSQL.{server.port}"),
            tls=authority.server,
            region=REGION,
            uses_iam=lambda user: _uses_iam(url, user, strictly=strictly),
        )
        port = stack.enter_context(_listening(endpoint))
        yield Rds(superuser_url=url, port=port, authority=authority.bundle)


def _take_over(server: EmbeddedPostgres) -> str:
    """Make RDS's own superuser, so that a master named postgres is an account like any other."""
    url = f"postgresql://{SUPERUSER}:{PASSWORD}@127.0.0.1:{server.port}/postgres"
    account = sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(
        sql.Identifier(SUPERUSER), sql.Literal(PASSWORD)
    )
    _execute(server.url, account)
    _execute(url, sql.SQL("ALTER ROLE postgres RENAME TO rdsbootstrap"))
    _execute(url, sql.SQL("CREATE ROLE rds_iam NOLOGIN"))
    return url


def _uses_iam(url: str, user: str, *, strictly: bool) -> bool:
    """Whether a user is asked for a token."""
    question = sql.SQL(
        "SELECT bool_or(pg_has_role({user}, oid, {how}) AND pg_has_role(oid, 'rds_iam', 'USAGE'))"
        " FROM pg_roles WHERE NOT rolsuper AND EXISTS (SELECT FROM pg_roles WHERE rolname = {user})"
    ).format(user=sql.Literal(user), how=sql.Literal("MEMBER" if strictly else "USAGE"))
    return bool(_execute(url, question))


def _execute(url: str, statement: sql.Composable) -> object:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row and row[0]
    finally:
        connection.close()


@contextlib.contextmanager
def _listening(endpoint: RdsEndpoint) -> Iterator[int]:
    """Have the endpoint on a loop of its own, in a thread; its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="rds-endpoint")
    thread.start()

    async def stop() -> None:
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(endpoint.listen(), loop).result()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
