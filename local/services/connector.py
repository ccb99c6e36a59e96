"""The connector as a child process: the same program as in the image, restarted when it ends."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from infra.shared.chat_mappings import chat_mappings
from local.errors import PartFailedError
from local.gateway.settings import INCOMING_CHANNEL, AblyAddress
from local.services.database import Database
from local.system.processes import ChildProcess, ProcessHost

START_SECONDS = 30.0
STOP_GRACE_SECONDS = 1.5
POLL_SECONDS = 0.05
FIRST_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 30.0
SETTLED_SECONDS = 60.0  # a run of this length resets the backoff
# A standby has installed the triggers too; another connector publishes for it.
INSTALLED = {"leader", "standby"}
BAD_CONFIGURATION = 2  # the connector's exit code for invalid settings


@dataclass(frozen=True, kw_only=True)
class ConnectorSettings:
    """The settings of the connector.

    Attributes:
        owner: the database, as the role that installs.
        database: the database, as the role that relays.
        ably: address of the local Ably; None for the real one.
    """

    owner: Database
    database: Database
    ably_api_key: str
    ably: AblyAddress | None
    health_port: int

    def of_installation(self) -> dict[str, str]:
        """Environment variables for installing on the chat's table."""
        return {**self._environment(self.owner), "CONNECTOR_RUN_ROLE": self.database.user}

    def of_relay(self) -> dict[str, str]:
        """Environment variables for a connector that does not install."""
        return {**self._environment(self.database), "CONNECTOR_INSTALL": "false"}

    def _environment(self, database: Database) -> dict[str, str]:
        environment = {
            "DB_HOST": database.host,
            "DB_PORT": str(database.port),
            "DB_USER": database.user,
            "DB_PASSWORD": database.password,
            "DB_NAME": database.name,
            "DB_SSLMODE": database.ssl_mode,
            "ABLY_API_KEY": self.ably_api_key,
            "ABLY_CONNECTOR": json.dumps(chat_mappings(INCOMING_CHANNEL)),
            "CONNECTOR_HEALTH_PORT": str(self.health_port),
            "POWERTOOLS_SERVICE_NAME": "connector",
            "STAGE": "local",
        }
        if self.ably:
            environment |= {
                "ABLY_ENDPOINT": self.ably.endpoint,
                "ABLY_PORT": str(self.ably.port),
                "ABLY_TLS": str(self.ably.tls).lower(),
            }
        return environment


class Connector:
    """Keeps one connector process running while `keep_running` is iterated."""

    def __init__(self, settings: ConnectorSettings, host: ProcessHost) -> None:
        self._settings = settings
        self._host = host
        self._process: ChildProcess | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the current connector."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Install, start the first process, and return once it publishes committed changes.

        Raises:
            PartFailedError: if it ended or took too long.
        """
        await self._install()
        process = await self._start_process()
        gone = asyncio.create_task(process.wait())
        publishing = asyncio.create_task(self._wait_until_publishing())
        try:
            either: set[asyncio.Future[Any]] = {gone, publishing}
            await asyncio.wait(either, return_when="FIRST_COMPLETED", timeout=START_SECONDS)
            if not publishing.done() or gone.done():
                raise PartFailedError("the connector did not start", part=process.name)
        finally:
            gone.cancel()
            publishing.cancel()

    async def keep_running(self) -> AsyncIterator[str]:
        """Restart the process after each end, with growing pauses; yields what happened.

        Raises:
            PartFailedError: if it ends for a reason that a restart cannot fix.
        """
        backoff_seconds = FIRST_BACKOFF_SECONDS
        process = self._process
        while process is not None:
            begun = time.monotonic()
            code = await process.wait()
            if code == BAD_CONFIGURATION:
                raise PartFailedError("the connector rejected its settings", part=process.name)
            if time.monotonic() - begun > SETTLED_SECONDS:
                backoff_seconds = FIRST_BACKOFF_SECONDS
            yield f"the connector ended ({_exit_reason(code)}), restart in {backoff_seconds:.0f} s"
            await asyncio.sleep(backoff_seconds)
            backoff_seconds = min(backoff_seconds * 2, MAX_BACKOFF_SECONDS)
            process = await self._start_process()
            yield "connector restarted"

    async def stop(self) -> None:
        """Stop it; it finishes the current batch. Safe to call twice, and without a start."""
        if self._process is not None:
            await self._process.stop(STOP_GRACE_SECONDS)

    async def _install(self) -> None:
        process = await self._start("install", self._settings.of_installation())
        if await process.wait():
            raise PartFailedError("the connector could not be installed", part=process.name)

    async def _start_process(self) -> ChildProcess:
        return await self._start("run", self._settings.of_relay())

    async def _start(self, command: str, environment: dict[str, str]) -> ChildProcess:
        self._process = ChildProcess(
            "connector",
            [sys.executable, "-m", "connector_task", command],
            environment={**_inherited(), **environment},
            host=self._host,
        )
        await self._process.start()
        return self._process

    async def _wait_until_publishing(self) -> None:
        url = f"http://127.0.0.1:{self._settings.health_port}/health"
        async with aiohttp.ClientSession() as session:
            while not await _is_publishing(session, url):  # noqa: ASYNC110  # it can only be asked
                await asyncio.sleep(POLL_SECONDS)


async def _is_publishing(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return (await response.json())["role"] in INSTALLED
    except aiohttp.ClientError:
        return False


def _inherited() -> dict[str, str]:
    # Settings of the developer's shell, such as ABLY_API_KEY or PGHOST, must not be inherited.
    ours = ("ABLY_", "CONNECTOR_", "DB_", "PG")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _exit_reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"
