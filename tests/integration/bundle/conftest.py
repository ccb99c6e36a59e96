"""The functions' assets, made for this machine and run by the local Lambda service."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from infra.functions.bundling import FUNCTIONS, Bundler, Target
from lambdas.migrate import roles
from local.aws_access import RunCredentials
from local.lambda_service import Function, LambdaService
from local.lambda_service.invocation import Invocation
from local.system.processes import ProcessHost
from tests.fixtures.aws import Aws
from tests.fixtures.roles import as_role, let_in_by_password

CONCURRENCY = 10


@dataclass(frozen=True)
class Answer:
    """What an invocation gave: the function's answer, or Lambda's error document."""

    payload: Any
    failed: bool


@dataclass(frozen=True)
class Chat:
    """The bundled functions on one database.

    Attributes:
        services: a Lambda service per function, for each asset is a task root of its own.
        credentials: by which these are invoked over HTTP.
    """

    services: Mapping[str, LambdaService]
    credentials: RunCredentials
    database_url: str
    reject_queue_url: str

    async def invoke(self, function: str, event: object) -> Answer:
        """Invoke a function and wait for its answer."""
        invocation = Invocation(payload=json.dumps(event).encode())
        outcome = await self.services[function].invoke(function, invocation)
        return Answer(json.loads(outcome.payload), outcome.failed)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a query of the chat's database finds."""
        connection = psycopg2.connect(self.database_url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each function's asset."""
    made = {name: tmp_path_factory.mktemp(name) for name in FUNCTIONS}
    for name, folder in made.items():
        Bundler().bundle(name, Target.for_host(), folder)
    return made


@pytest.fixture
async def chat(aws: Aws, database_url: str, assets: dict[str, Path]) -> AsyncIterator[Chat]:
    """The assets, each run in its own folder, on a database with the migrated schema."""
    credentials = RunCredentials.generate()
    rejects = aws.create_queue("rejects")
    shared = {
        "STAGE": "test",
        "POWERTOOLS_SERVICE_NAME": "chat",
        "POWERTOOLS_METRICS_NAMESPACE": "AblyPostgres",
        "DB_SSLMODE": "disable",
        "REJECT_QUEUE_URL": rejects,
        "AWS_ENDPOINT_URL": aws.endpoint_url,
    }
    master = aws.create_database_secret("master", database_url)
    chat_role = aws.create_database_secret("chat", as_role(database_url, roles.CHAT))
    services = {
        name: LambdaService(
            [
                Function(
                    name=name,
                    handler=f"lambdas.{name}.handler.handler",
                    environment={
                        **shared,
                        "DB_SECRET_ARN": master if name == "migrate" else chat_role,
                    },
                    max_concurrency=CONCURRENCY,
                )
            ],
            ProcessHost(folder=folder, log=lambda _name, _line: None),
            credentials=credentials,
        )
        for name, folder in assets.items()
    }
    for service in services.values():
        await service.start()
    try:
        chat = Chat(services, credentials, database_url, rejects)
        migrated = await chat.invoke("migrate", {})
        assert not migrated.failed, migrated.payload
        let_in_by_password(database_url)
        yield chat
    finally:
        await asyncio.gather(*(service.stop() for service in services.values()))
