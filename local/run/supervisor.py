"""Starts each part when its dependencies are up, watches all parts, and stops them in order.

    Postgres ──────────┐
    SQS and secrets ───┼─▶ roles and schema ─▶ connector ─▶ page
    functions, Ably ───┘

A part that ends by itself ends the run with an error message. Only the connector is restarted, as
it is in production.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from lambdas.migrate import roles
from local.errors import LocalError, PartFailedError
from local.gateway.settings import PageSettings
from local.lambda_service.invocation import Invocation
from local.run.parts import Parts
from local.run.ready_file import ReadyFile, ready_document
from local.services.connector import Connector
from local.services.database import Database
from local.services.functions import (
    ABLY_KEY_SECRET,
    DATABASE_CHAT_SECRET,
    DATABASE_MASTER_SECRET,
    MIGRATE,
)
from local.system.logs import Logs
from local.system.terminal import Terminal

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Supervisor:
    """One run of all parts."""

    def __init__(
        self, parts: Parts, *, ready_file: ReadyFile, logs: Logs, terminal: Terminal
    ) -> None:
        self._parts = parts
        self._ready_file = ready_file
        self._logs = logs
        self._terminal = terminal
        self._connector: Connector | None = None

    async def run(self) -> None:
        """Start all parts and watch them; ends by a failure or by cancellation.

        Call `stop` afterwards in any case.

        Raises:
            LocalError: if a part did not start, or ended.
        """
        self._ready_file.remove()
        try:
            database = await self._start_parts()
            await self._migrate()
            self._connector = connector = await self._make_connector(database)
            await self._step("connector", connector.start())
            await self._parts.gateway.start(PageSettings(ably=self._parts.ably.address))
            self._write_ready_file(database, connector)
            self._announce(database)
            await self._watch(database, connector)
        except PartFailedError as error:
            last_log_line = self._logs.last_line(error.part) or "it wrote nothing"
            raise LocalError(f"{error}; its last log line: {last_log_line}") from error

    async def stop(self) -> None:
        """Stop all started parts, within five seconds."""
        parts = self._parts
        await _stop_safely(parts.gateway.stop)
        if self._connector is not None:
            await _stop_safely(self._connector.stop)
        services = (parts.ably.stop, parts.functions.stop, parts.aws.stop)
        await asyncio.gather(*map(_stop_safely, services))
        await _stop_safely(parts.database.stop)
        await _stop_safely(self._remove_ready_file)

    async def _start_parts(self) -> Database:
        parts = self._parts
        try:
            async with asyncio.TaskGroup() as group:
                starting = group.create_task(self._step("Postgres", parts.database.start()))
                group.create_task(self._step("SQS and Secrets Manager", parts.aws.start()))
                group.create_task(self._step("functions", parts.functions.start()))
                group.create_task(self._step("Ably", parts.ably.start()))
        except ExceptionGroup as failed:
            # The first failure is the cause; the task group cancelled the others because of it.
            raise failed.exceptions[0] from failed
        database = starting.result()
        await parts.aws.put_secrets(
            {DATABASE_MASTER_SECRET: database.secret(), ABLY_KEY_SECRET: parts.ably.api_key}
        )
        return database

    async def _migrate(self) -> None:
        functions = self._parts.functions
        outcome = await functions.invoke(MIGRATE, Invocation(payload=b"{}"))
        if outcome.failed:
            raise LocalError(f"unable to prepare the database; {outcome.error_message()}")
        if ahead := json.loads(outcome.payload)["ahead"]:
            raise LocalError(
                f"the database has migration {ahead[-1]}, which this checkout does not have: "
                "update the checkout, or run with --fresh to start with an empty database (with "
                "DATABASE_URL set: name another database)"
            )
        await functions.retire(MIGRATE)
        self._terminal.progress("database schema")

    async def _make_connector(self, database: Database) -> Connector:
        """Enable login for the roles that migrate created; each later part uses one of them."""
        chat = await asyncio.to_thread(database.as_role, roles.CHAT)
        await self._parts.aws.put_secrets({DATABASE_CHAT_SECRET: chat.secret()})
        return self._parts.connector(
            owner=await asyncio.to_thread(database.as_role, roles.OWNER),
            relay=await asyncio.to_thread(database.as_role, roles.CONNECTOR),
        )

    async def _watch(self, database: Database, connector: Connector) -> None:
        async def keep_connector() -> None:
            async for event in connector.keep_running():
                self._terminal.progress(event)
                self._rewrite_ready_file(database, connector)

        ends = {
            asyncio.create_task(self._parts.database.wait()): ("Postgres", "postgres"),
            asyncio.create_task(self._parts.aws.process.wait()): ("the local SQS", "aws"),
            asyncio.create_task(keep_connector()): ("the connector", "connector"),
        }
        try:
            done, _ = await asyncio.wait(ends, return_when="FIRST_COMPLETED")
            ended = done.pop()
            ended.result()
            name, part = ends[ended]
            raise PartFailedError(f"{name} ended", part=part)
        finally:
            for task in ends:
                task.cancel()

    async def _step(self, name: str, work: Coroutine[Any, Any, Result]) -> Result:
        result = await work
        self._terminal.progress(name)
        return result

    def _write_ready_file(self, database: Database, connector: Connector) -> None:
        document = ready_document(self._parts, database, connector)
        self._ready_file.write({**document, "logs": str(self._logs.folder)})

    def _rewrite_ready_file(self, database: Database, connector: Connector) -> None:
        try:
            self._write_ready_file(database, connector)
        except LocalError as error:
            # The file has a wrong process id of the connector, which does not affect the chat.
            self._terminal.progress(f"update of the ready file failed; {error}")

    async def _remove_ready_file(self) -> None:
        self._ready_file.remove()

    def _announce(self, database: Database) -> None:
        self._terminal.progress("ready")
        self._terminal.table(
            [
                ("Chat", f"{self._parts.gateway.url}/"),
                ("Database", database.address),
                ("Ably", self._parts.ably.name),
                ("Logs", str(self._logs.folder)),
            ]
        )
        self._terminal.say("Press Ctrl-C to stop.")


async def _stop_safely(stop: Callable[[], Awaitable[None]]) -> None:
    try:
        await stop()
    except Exception:
        # A part that fails to stop must not keep the others running; the reaper ends it.
        logger.exception("stop of a part failed")
