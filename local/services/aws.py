"""SQS and Secrets Manager on this machine: moto's server as a child process, access-controlled.

Their content is kept in memory: each start creates the queues and secrets again, under the same
names.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from mypy_boto3_sqs import SQSClient

from local.aws_access import RunCredentials
from local.errors import PartFailedError
from local.lambda_service.function import ACCOUNT_ID, REGION
from local.system.ports import wait_until_listening
from local.system.processes import ChildProcess, ProcessHost

PROGRAMS = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
REJECT_QUEUE = "reject"
DEAD_LETTER_QUEUE = "ingest-dead-letter"
# The server is on this machine: if it does not answer soon, it will not; a stop must not wait.
CLIENT = Config(connect_timeout=1, read_timeout=5, retries={"max_attempts": 0})
# The first request to a service loads its code, which takes seconds on a busy machine.
FIRST_REQUESTS = CLIENT.merge(Config(read_timeout=START_SECONDS))


class AwsServices:
    """The queues and secrets of the deployed stacks, on loopback.

    All addresses are known before the start, so that other parts can start at the same time.
    """

    def __init__(self, port: int, host: ProcessHost, credentials: RunCredentials) -> None:
        """Create the services; `credentials` are those that callers must use."""
        self.endpoint_url = f"http://127.0.0.1:{port}"
        self.reject_queue_url = f"{self.endpoint_url}/{ACCOUNT_ID}/{REJECT_QUEUE}"
        self.dead_letter_queue_url = f"{self.endpoint_url}/{ACCOUNT_ID}/{DEAD_LETTER_QUEUE}"
        self._port = port
        self._credentials = credentials
        self.process = ChildProcess(
            "aws",
            [sys.executable, "-m", "local.aws_server", "--port", str(port)],
            environment={
                **os.environ,
                **credentials.environment,
                "MOTO_ACCOUNT_ID": ACCOUNT_ID,
                "MOTO_DISABLE_GLOBAL_CORS": "true",
                "PYTHONPATH": str(PROGRAMS),  # wherever the host's folder is
                "PYTHONWARNINGS": "ignore",
            },
            host=host,
        )

    def sqs(self, config: Config = CLIENT) -> SQSClient:
        """A client of the local SQS."""
        return self._session().client("sqs", endpoint_url=self.endpoint_url, config=config)

    async def start(self) -> None:
        """Start the server and create the queues.

        Raises:
            PartFailedError: if it did not start.
        """
        await self.process.start()
        listening = asyncio.create_task(wait_until_listening(self._port, START_SECONDS))
        gone = asyncio.create_task(self.process.wait())
        try:
            either: set[asyncio.Future[Any]] = {listening, gone}
            await asyncio.wait(either, return_when="FIRST_COMPLETED")
            if gone.done() or not listening.result():
                raise PartFailedError("the local SQS did not start", part=self.process.name)
        finally:
            listening.cancel()
            gone.cancel()
        try:
            await asyncio.to_thread(self._create_queues)
        except BotoCoreError as error:
            raise PartFailedError(
                "the local SQS does not answer", part=self.process.name
            ) from error

    async def put_secrets(self, secrets: Mapping[str, str]) -> None:
        """Create secrets by name."""
        await asyncio.to_thread(self._create_secrets, secrets)

    async def stop(self) -> None:
        """Stop the server."""
        await self.process.stop(grace_seconds=1.0)

    def _create_queues(self) -> None:
        sqs = self.sqs(FIRST_REQUESTS)
        for name in (REJECT_QUEUE, DEAD_LETTER_QUEUE):
            sqs.create_queue(QueueName=name)

    def _create_secrets(self, secrets: Mapping[str, str]) -> None:
        vault = self._session().client(
            "secretsmanager", endpoint_url=self.endpoint_url, config=FIRST_REQUESTS
        )
        for name, value in secrets.items():
            vault.create_secret(Name=name, SecretString=value)

    def _session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self._credentials.access_key_id,
            aws_secret_access_key=self._credentials.secret_access_key,
            region_name=REGION,
        )
