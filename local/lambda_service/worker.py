"""One worker: a process with AWS's runtime client and the handler; one invocation at a time."""

import asyncio
import os
import sys
import time
from typing import Any

from local.aws_access import RunCredentials
from local.lambda_service.function import MEMORY_MB, REGION, Function
from local.lambda_service.invocation import (
    Invocation,
    Outcome,
    exited,
    not_started,
    timed_out,
)
from local.lambda_service.runtime_api import RuntimeApi
from local.system.processes import ChildProcess, ProcessHost

INIT_SECONDS = 30.0
# The variables of this machine that programs need to run. No others are passed on, so that a
# handler cannot reach a real AWS account with the developer's credentials.
INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")


class Worker:
    """A process of one function; unusable after a timeout, a crash or a failed init."""

    def __init__(self, function: Function, host: ProcessHost, credentials: RunCredentials) -> None:
        self._function = function
        self._host = host
        self._credentials = credentials
        self._api = RuntimeApi(function)
        self._process: ChildProcess | None = None

    @property
    def was_ready(self) -> bool:
        """Whether it has loaded its handler."""
        return self._api.ready.is_set()

    @property
    def usable(self) -> bool:
        """Whether it can run an invocation."""
        alive = self._process is not None and self._process.returncode is None
        return alive and self.was_ready

    async def start(self) -> None:
        """Start the process; returns when it has loaded the handler or has failed to."""
        address = await self._api.start()
        self._process = process = ChildProcess(
            self._function.name,
            [sys.executable, "-m", "awslambdaric", self._function.handler],
            environment=self._environment(address),
            host=self._host,
        )
        await process.start()
        ready = asyncio.create_task(self._api.ready.wait())
        gone = asyncio.create_task(process.wait())
        try:
            either: set[asyncio.Future[Any]] = {ready, gone}
            await asyncio.wait(either, timeout=INIT_SECONDS, return_when="FIRST_COMPLETED")
        finally:
            ready.cancel()
            gone.cancel()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation; the outcome contains any failure of the function or process."""
        process = self._process
        if process is None or not self.was_ready:
            return await self._failed_start(invocation)
        gone = asyncio.create_task(process.wait())
        try:
            return await self._run(invocation, gone)
        finally:
            gone.cancel()

    async def stop(self) -> None:
        """Kill the process, as Lambda does with an unneeded worker."""
        if self._process is not None:
            await self._process.kill()
        await self._api.stop()

    async def _failed_start(self, invocation: Invocation) -> Outcome:
        if self._api.init_error is not None:
            return Outcome(self._api.init_error, failed=True)
        code = self._process.returncode if self._process else None
        await self.stop()
        if code is not None:
            return exited(invocation, code)
        return not_started(invocation, INIT_SECONDS)

    async def _run(self, invocation: Invocation, gone: asyncio.Task[int]) -> Outcome:
        started = time.perf_counter()
        answer = self._api.offer(invocation)
        either: set[asyncio.Future[Any]] = {answer, gone}
        limit = self._function.timeout_seconds
        await asyncio.wait(either, timeout=limit, return_when="FIRST_COMPLETED")
        if answer.done():
            outcome = answer.result()
        elif gone.done():
            outcome = exited(invocation, gone.result())
        else:
            outcome = timed_out(invocation, limit)
            await self.stop()
        duration_ms = (time.perf_counter() - started) * 1000
        ending = " failed: " + outcome.error_message() if outcome.failed else ""
        report = f"REPORT RequestId: {invocation.request_id} Duration: {duration_ms:.2f} ms{ending}"
        self._host.log(self._function.name, report)
        return outcome

    def _environment(self, runtime_api: str) -> dict[str, str]:
        function = self._function
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {
            **inherited,
            **self._credentials.environment,
            "AWS_SESSION_TOKEN": "local",  # Lambda sets one; the local services ignore it
            **function.environment,
            "_HANDLER": function.handler,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MB),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_REGION": REGION,
            "LAMBDA_TASK_ROOT": str(self._host.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(self._host.folder),
            "TZ": "UTC",
        }
