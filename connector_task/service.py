"""Runs the connector: puts its parts together, installs, relays, and ends in good order."""

import asyncio
import random
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from connector_task.ably_publisher import AblyPublisher
from connector_task.config import Settings
from connector_task.delivery import Delivery
from connector_task.dispatch import Dispatch
from connector_task.emf_metrics import EmfMetrics
from connector_task.errors import (
    ConnectorError,
    DatabaseUnavailableError,
    ErrorCode,
    InstallationError,
)
from connector_task.health import HealthServer
from connector_task.limits import Limits, rates
from connector_task.pace import Pace
from connector_task.ports import Backlog, Clock, Journal
from connector_task.postgres_installation import PostgresInstallation
from connector_task.postgres_outbox import PostgresOutbox
from connector_task.postgres_wakeups import PostgresWakeups
from connector_task.refusals import Backoff
from connector_task.relay import Relay
from connector_task.system_clock import SystemClock
from connector_task.vitals import Role, Vitals

DATABASE_BACKOFF_CAP_SECONDS = 2.0  # a restarted Postgres is noticed soon
ABLY_BACKOFF_CAP_SECONDS = 30.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def run(settings: Settings, journal: Journal, write_metrics: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT; a second one ends the process where it stands.

    Raises:
        ConnectorError: the installation is refused, the health port is not to be had, or the
            request in hand was not finished within the deadline.
    """
    service = _assemble(settings, journal, write_metrics)
    _stop_on_signals(service.relay, journal)
    journal.info("starting", {"action": "start", "port": settings.health_port})
    background = [
        asyncio.create_task(work, name=name) for name, work in service.background(settings).items()
    ]
    foreground = asyncio.create_task(service.install_and_relay(settings), name="relay")
    try:
        await _until_done(foreground, background, service.relay, settings.shutdown_seconds)
    finally:
        for task in (foreground, *background):
            task.cancel()
        await asyncio.gather(foreground, *background, return_exceptions=True)
        await service.close()
    journal.info("stopped", {"action": "stop"})


def _stop_on_signals(relay: Relay, journal: Journal) -> None:
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        journal.info("stopping", {"action": "stop", "signal": number.name})
        relay.stop()
        for each in STOP_SIGNALS:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop, number)


async def _until_done(
    foreground: asyncio.Task[None],
    background: list[asyncio.Task[None]],
    relay: Relay,
    shutdown_seconds: float,
) -> None:
    """Wait for the relay's end, or for a background task's, which never ends but by failing."""
    stopping = asyncio.create_task(relay.stopped.wait(), name="stopping")
    try:
        await asyncio.wait({foreground, stopping, *background}, return_when=asyncio.FIRST_COMPLETED)
        for task in background:
            if task.done():
                task.result()
        if stopping.done():
            await asyncio.wait({foreground}, timeout=shutdown_seconds)
        if not foreground.done():
            message = f"the request in hand was not finished within {shutdown_seconds:g} seconds"
            raise ConnectorError(ErrorCode.SHUTDOWN_DEADLINE, message)
        foreground.result()
    finally:
        stopping.cancel()


@dataclass(kw_only=True, slots=True)
class _Service:
    """The parts, put together."""

    relay: Relay
    outbox: PostgresOutbox
    publisher: AblyPublisher
    metrics: EmfMetrics
    installation: PostgresInstallation
    vitals: Vitals
    clock: Clock
    journal: Journal

    async def install_and_relay(self, settings: Settings) -> None:
        """Install where that is asked for, then relay until stopped."""
        self.vitals.ticked_at = self.clock.now()
        if settings.install:
            await self._install()
        await self.relay.run()

    async def _install(self) -> None:
        """Install, waiting for a database that is not there yet or for a table that is locked."""
        failures = 0
        while not self.relay.stopped.is_set():
            self.vitals.ticked_at = self.clock.now()
            try:
                plan = await asyncio.to_thread(self.installation.install)
            except (DatabaseUnavailableError, InstallationError) as exc:
                if isinstance(exc, InstallationError) and exc.code is not ErrorCode.LOCK_TIMEOUT:
                    raise
                failures += 1
                self.vitals.database_error = exc.code
                delay = self.relay.backoff.delay(failures)
                self.journal.warning(
                    "unable to install yet, trying again",
                    {
                        "action": "install",
                        "error_code": exc.code,
                        "error": str(exc),
                        "attempt": failures,
                        "wait_ms": round(delay * 1000),
                    },
                )
                await self.clock.wait(self.relay.stopped, delay)
            else:
                count = len(plan.create_triggers) + len(plan.drop_triggers)
                self.journal.info("installed", {"action": "install", "count": count})
                return

    def background(self, settings: Settings) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs beside the relay, by name."""
        tasks: dict[str, Coroutine[Any, Any, None]] = {}
        if settings.health_port:
            health = HealthServer(port=settings.health_port, vitals=self.vitals, now=self.clock.now)
            tasks["health"] = health.serve()
        if settings.metrics_seconds:
            tasks["metrics"] = self._report(settings.metrics_seconds)
        return tasks

    async def _report(self, seconds: float) -> None:
        while True:
            await self.clock.wait(asyncio.Event(), seconds)
            await self.flush_metrics()

    async def flush_metrics(self) -> None:
        """Write the metrics now."""
        is_leader = self.vitals.role is Role.LEADER
        backlog: Backlog | None = None
        if is_leader:
            try:
                backlog = await self.outbox.backlog()
            except DatabaseUnavailableError as exc:
                self.journal.warning(
                    "the backlog is not known",
                    {"action": "measure", "error_code": exc.code, "error": str(exc)},
                )
        self.metrics.flush(is_leader=is_leader, backlog=backlog)

    async def close(self) -> None:
        """Write the last metrics and close the way to Ably."""
        self.metrics.flush(is_leader=False, backlog=None)
        await self.publisher.close()


def _assemble(
    settings: Settings, journal: Journal, write_metrics: Callable[[str], None]
) -> _Service:
    clock = SystemClock()
    vitals = Vitals(ticked_at=clock.now())
    outbox = PostgresOutbox(settings.database)
    publisher = AblyPublisher(settings.ably)
    metrics = EmfMetrics(
        namespace=settings.metrics_namespace,
        dimensions=settings.dimensions,
        write=write_metrics,
    )
    stopped, woken = asyncio.Event(), asyncio.Event()
    delivery = Delivery(
        publisher=publisher,
        clock=clock,
        counters=metrics,
        journal=journal,
        vitals=vitals,
        backoff=Backoff(cap_seconds=ABLY_BACKOFF_CAP_SECONDS, random=random.random),
        stopped=stopped,
    )
    dispatch = partial(
        Dispatch,
        outbox=outbox,
        delivery=delivery,
        clock=clock,
        counters=metrics,
        vitals=vitals,
        woken=woken,
        stopped=stopped,
        poll_seconds=settings.poll_seconds,
        max_in_flight=settings.max_in_flight,
        limits=Limits(),
        pace=Pace(rates(settings.ably)),
    )
    relay = Relay(
        outbox=outbox,
        lead=dispatch,
        wakeups=PostgresWakeups(settings.database, journal),
        clock=clock,
        journal=journal,
        vitals=vitals,
        backoff=Backoff(cap_seconds=DATABASE_BACKOFF_CAP_SECONDS, random=random.random),
        woken=woken,
        stopped=stopped,
    )
    return _Service(
        relay=relay,
        outbox=outbox,
        publisher=publisher,
        metrics=metrics,
        installation=PostgresInstallation(
            settings.database, settings.mappings, journal, run_role=settings.run_role
        ),
        vitals=vitals,
        clock=clock,
        journal=journal,
    )
