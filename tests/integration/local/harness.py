"""Shared by the tests of the local services: waiting for output, and boto3 as the caller."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mypy_boto3_lambda import LambdaClient

from local.lambda_service import Function, LambdaService

FUNCTIONS = Path(__file__).parent / "functions"


@dataclass
class Lines:
    """Collects the output of processes, and lets a test wait for a line."""

    seen: list[tuple[str, str]] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, source: str, line: str) -> None:
        self.seen.append((source, line))
        self._changed.set()

    async def wait_for(self, text: str) -> tuple[str, str]:
        async with asyncio.timeout(10):
            while True:
                for source, line in self.seen:
                    if text in line:
                        return source, line
                self._changed.clear()
                await self._changed.wait()


@dataclass(frozen=True)
class Answer:
    """The result of an invocation through boto3."""

    status: int
    error: str | None
    payload: Any


@dataclass(frozen=True)
class Lambda:
    """A running service as its callers see it."""

    service: LambdaService
    client: LambdaClient
    lines: Lines

    async def invoke(self, name: str, event: Any = None, **options: Any) -> Answer:
        payload = json.dumps(event if event is not None else {}).encode()
        response = await asyncio.to_thread(
            lambda: self.client.invoke(FunctionName=name, Payload=payload, **options)
        )
        body = await asyncio.to_thread(response["Payload"].read)
        return Answer(
            response["StatusCode"],
            response.get("FunctionError"),
            json.loads(body) if body else None,
        )


RunFunctions = Callable[..., AbstractAsyncContextManager[Lambda]]


def function(handler: str, **options: Any) -> Function:
    """A function with the name of its sample handler."""
    module, _, name = handler.rpartition(".")
    return Function(name=name, handler=f"{module or 'sample'}.{name}", **options)
