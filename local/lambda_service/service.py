"""The service: its functions, their workers, and the HTTP endpoint for AWS SDKs."""

import asyncio
import json
from collections.abc import Iterable

from aiohttp import web
from mypy_boto3_sqs import SQSClient

from local.aws_access import RunCredentials
from local.lambda_service.asynchronous import EventQueue
from local.lambda_service.dead_letter import SqsDeadLetters
from local.lambda_service.errors import (
    FunctionNotFoundError,
    InvalidPayloadError,
    PayloadTooLargeError,
)
from local.lambda_service.function import REGION, Function
from local.lambda_service.invocation import Invocation, Outcome
from local.lambda_service.invoke_api import MAX_SYNC_BYTES, invoke_api
from local.lambda_service.pool import WorkerPool
from local.lambda_service.worker import Worker
from local.system.processes import ProcessHost

MAX_EVENT_BYTES = 256 * 1024


class LambdaService:
    """Runs functions on this machine; the host's working directory is their task root.

    Attributes:
        port: TCP port on 127.0.0.1; 0 picks a free one at `start`.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        host: ProcessHost,
        *,
        credentials: RunCredentials,
        port: int = 0,
        sqs: SQSClient | None = None,
    ) -> None:
        """Create a service; callers must use `credentials`, and workers receive them."""
        self.port = port
        self._credentials = credentials
        self._host = host
        dead_letters = SqsDeadLetters(sqs)
        self._pools = {f.name: WorkerPool(f, self._make_worker) for f in functions}
        self._queues = {name: EventQueue(pool, dead_letters) for name, pool in self._pools.items()}
        self._runner: web.AppRunner | None = None

    @property
    def endpoint_url(self) -> str:
        """The `endpoint_url` for the Lambda client of an AWS SDK."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen, and start the prewarmed workers in the background."""
        api = invoke_api(self, self._credentials)
        self._runner = web.AppRunner(api, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        for pool in self._pools.values():
            if pool.function.prewarm:
                pool.prewarm()

    async def stop(self) -> None:
        """Kill all workers and stop listening. Safe to call twice, and without a start."""
        await asyncio.gather(*(queue.stop() for queue in self._queues.values()))
        await asyncio.gather(*(pool.stop() for pool in self._pools.values()))
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def retire(self, name: str) -> None:
        """Stop the workers of a function that will stay unused for long, to free their memory."""
        await self._pool(name).stop()

    async def invoke(self, name: str, invocation: Invocation) -> Outcome:
        """Run a function and wait for its outcome.

        Raises:
            InvokeError: if the invocation did not reach the function.
        """
        pool = self._pool(name)
        self._check_payload(invocation, MAX_SYNC_BYTES, "InvokeFunction")
        pool.admit()
        return await pool.run(invocation)

    def invoke_event(self, name: str, invocation: Invocation) -> None:
        """Queue an event for a function, to run and retry in the background.

        Raises:
            InvokeError: if the event was not accepted.
        """
        self._pool(name)
        self._check_payload(invocation, MAX_EVENT_BYTES, "InvokeAsync")
        self._queues[name].accept(invocation)

    def require(self, name: str) -> None:
        """Check that a function with this name exists.

        Raises:
            FunctionNotFoundError: if there is none.
        """
        self._pool(name)

    def _pool(self, name: str) -> WorkerPool:
        pool = self._pools.get(name)
        if pool is None:
            arn = f"arn:aws:lambda:{REGION}:{name}"
            raise FunctionNotFoundError(f"Function not found: {arn}")
        return pool

    def _check_payload(self, invocation: Invocation, limit_bytes: int, operation: str) -> None:
        if len(invocation.payload) > limit_bytes:
            raise PayloadTooLargeError(
                f"Request must be smaller than {limit_bytes} bytes for the {operation} operation"
            )
        try:
            json.loads(invocation.payload)
        except ValueError as error:
            raise InvalidPayloadError(f"Could not parse request body into json: {error}") from error

    def _make_worker(self, function: Function) -> Worker:
        return Worker(function, self._host, self._credentials)
