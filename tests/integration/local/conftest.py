"""A local Lambda service with sample handlers, and the local SQS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.aws import AwsServices
from local.lambda_service import Function, LambdaService
from local.ports import free_port
from local.processes import ProcessHost
from tests.integration.local.harness import FUNCTIONS, Lambda, Lines, RunFunctions


@pytest.fixture
def run_functions() -> RunFunctions:
    """Start a service with the given functions."""

    @asynccontextmanager
    async def run(*functions: Function, sqs: Any = None) -> AsyncIterator[Lambda]:
        lines = Lines()
        host = ProcessHost(folder=FUNCTIONS, log=lines)
        service = LambdaService(functions, host, sqs=sqs)
        await service.start()
        client = await asyncio.to_thread(
            lambda: boto3.client(
                "lambda",
                endpoint_url=service.endpoint_url,
                region_name="eu-west-1",
                aws_access_key_id="any",
                aws_secret_access_key="any",
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
async def aws(tmp_path: Path) -> AsyncIterator[AwsServices]:
    """The local SQS and Secrets Manager with their queues."""
    services = AwsServices(free_port(), ProcessHost(folder=tmp_path, log=Lines()))
    await services.start()
    yield services
    await services.stop()
