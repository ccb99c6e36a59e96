"""A local Lambda service with sample handlers, and the local SQS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.aws_access import RunCredentials
from local.lambda_service import Function, LambdaService
from local.services.aws import AwsServices
from local.system.ports import free_port
from local.system.processes import ProcessHost
from tests.integration.local.harness import FUNCTIONS, Lambda, Lines, RunFunctions


@pytest.fixture
def run_credentials() -> RunCredentials:
    """The credentials that callers of this test's services use."""
    return RunCredentials.generate()


@pytest.fixture
def run_functions(run_credentials: RunCredentials) -> RunFunctions:
    """Start a service with the given functions."""

    @asynccontextmanager
    async def run(*functions: Function, sqs: Any = None) -> AsyncIterator[Lambda]:
        lines = Lines()
        host = ProcessHost(folder=FUNCTIONS, log=lines)
        service = LambdaService(functions, host, credentials=run_credentials, sqs=sqs)
        await service.start()
        client = await asyncio.to_thread(
            lambda: boto3.client(
                "lambda",
                endpoint_url=service.endpoint_url,
                region_name="eu-west-1",
                aws_access_key_id=run_credentials.access_key_id,
                aws_secret_access_key=run_credentials.secret_access_key,
                config=Config(retries={"max_attempts": 0}),
            )
        )
        try:
            yield Lambda(service, client, lines)
        finally:
            client.close()
            await service.stop()

    return run


@pytest.fixture
async def aws(tmp_path: Path, run_credentials: RunCredentials) -> AsyncIterator[AwsServices]:
    """The local SQS and Secrets Manager with their queues."""
    host = ProcessHost(folder=tmp_path, log=Lines())
    services = AwsServices(free_port(), host, run_credentials)
    await services.start()
    yield services
    await services.stop()
