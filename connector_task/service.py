"""Runs the connector: puts its parts together, installs, relays, and ends in good order."""

import asyncio
import random
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from connector_task.ably.publisher import AblyPublisher
from connector_task.capture.installer import Installer
from connector_task.config.model import Settings
from connector_task.errors import (
    ConnectorError,
    DatabaseUnavailableError,
    ErrorCode,
    InstallationError,
)
from connector_task.observability.health import HealthServer
from connector_task.observability.metrics import EmfMetrics
from connector_task.postgres.membership import PostgresMembership
from connector_task.postgres.notifications import PostgresWakeups
from connector_task.postgres.outbox import PostgresOutbox
from connector_task.relay.leadership import Leadership
from connector_task.relay.limits import limits, rates
from connector_task.relay.ports import Backlog, Clock, Logger
from connector_task.relay.relay import Relay
from connector_task.relay.retry_policy import Backoff
from connector_task.relay.shards import ShardAssignment
from connector_task.relay.state import RelayState, Role
from connector_task.system_clock import SystemClock

DATABASE_BACKOFF_CAP_SECONDS = 2.0  # a restarted Postgres is noticed soon
ABLY_BACKOFF_CAP_SECONDS = 30.0
MEMBERSHIP_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def run(settings: Settings, logger: Logger, write_metrics: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT; a second one ends the process where it stands.

    Raises:
        ConnectorError: the installation is refused, the health port is not to be had, or the
            request in hand was not finished within the deadline.
    """
    service = _assemble(settings, logger, write_metrics)
    _stop_on_signals(service, logger)
    logger.info("starting", {"action": "start", "port": settings.health_port})
    background = [
        asyncio.create_task(work, name=name) for name, work in service.background(settings).items()
    ]
    foreground = asyncio.create_task(service.install_and_relay(settings), name="relay")
    try:
        await _until_done(foreground, background, service.stopped, settings.shutdown_seconds)
    finally:
        for task in (foreground, *background):
            task.cancel()
        await asyncio.gather(foreground, *background, return_exceptions=True)
        await service.close()
    logger.info("stopped", {"action": "stop"})


def _stop_on_signals(service: "_Service", logger: Logger) -> None:
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        logger.info("stopping", {"action": "stop", "signal": number.name})
        service.stop()
        for each in STOP_SIGNALS:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop, number)


async def _until_done(
    foreground: asyncio.Task[None],
    background: list[asyncio.Task[None]],
    stopped: asyncio.Event,
    shutdown_seconds: float,
) -> None:
    """Wait for the relay's end, or for a background task's, which never ends but by failing."""
    stopping = asyncio.create_task(stopped.wait(), name="stopping")
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
    """The parts, put together: a relay for each shard, and what all of them share."""

    relays: tuple[Relay, ...]
    assignment: ShardAssignment
    membership: PostgresMembership
    publisher: AblyPublisher
    metrics: EmfMetrics
    installation: Installer
    stopped: asyncio.Event
    clock: Clock
    logger: Logger

    @property
    def state(self) -> list[RelayState]:
        """How the relays are, by shard."""
        return [relay.state for relay in self.relays]

    def stop(self) -> None:
        """Finish what is in hand, then end."""
        for relay in self.relays:
            relay.stop()

    async def install_and_relay(self, settings: Settings) -> None:
        """Install where that is asked for, then relay until stopped."""
        self._tick()
        if settings.install:
            await self._install()
        try:
            async with asyncio.TaskGroup() as group:
                for relay in self.relays:
                    group.create_task(relay.run(), name=f"shard {relay.state.shard}")
        except* ConnectorError as exc:
            raise exc.exceptions[0] from None

    def _tick(self) -> None:
        for state in self.state:
            state.ticked_at = self.clock.now()

    async def _install(self) -> None:
        """Install, waiting for a database that is not there yet or for a table that is locked."""
        failures = 0
        backoff = Backoff(cap_seconds=DATABASE_BACKOFF_CAP_SECONDS, random=random.random)
        while not self.stopped.is_set():
            self._tick()
            try:
                plan = await asyncio.to_thread(self.installation.install)
            except (DatabaseUnavailableError, InstallationError) as exc:
                if isinstance(exc, InstallationError) and exc.code is not ErrorCode.LOCK_TIMEOUT:
                    raise
                failures += 1
                for state in self.state:
                    state.database_error = exc.code
                delay = backoff.delay(failures)
                self.logger.warning(
                    "unable to install yet, trying again",
                    {
                        "action": "install",
                        "error_code": exc.code,
                        "error": str(exc),
                        "attempt": failures,
                        "wait_ms": round(delay * 1000),
                    },
                )
                await self.clock.wait(self.stopped, delay)
            else:
                count = len(plan.create_triggers) + len(plan.drop_triggers)
                self.logger.info("installed", {"action": "install", "count": count})
                return

    def background(self, settings: Settings) -> dict[str, Coroutine[Any, Any, None]]:
        """The background tasks of the relays, by name."""
        tasks: dict[str, Coroutine[Any, Any, None]] = {}
        if settings.health_port:
            health = HealthServer(port=settings.health_port, state=self.state, now=self.clock.now)
            tasks["health"] = health.serve()
        if settings.metrics_seconds:
            tasks["metrics"] = self._report(settings.metrics_seconds)
        if settings.shards > 1:
            tasks["roll call"] = self._share_out()
        return tasks

    async def _share_out(self) -> None:
        """Keep to this process's part of the shards, as processes come and go."""
        while True:
            try:
                place, members = await self.membership.answer()
            except DatabaseUnavailableError:
                pass  # the relays say what is wrong; their locks are what counts
            else:
                self.assignment.rebalance(place, members)
                for shard in self.assignment.surplus():
                    self.relays[shard].resign()
            await self.clock.wait(asyncio.Event(), MEMBERSHIP_SECONDS)

    async def _report(self, seconds: float) -> None:
        while True:
            await self.clock.wait(asyncio.Event(), seconds)
            await self.flush_metrics()

    async def flush_metrics(self) -> None:
        """Write the metrics now."""
        leading = [relay for relay in self.relays if relay.state.role is Role.LEADER]
        backlog: Backlog | None = None
        if leading:
            try:
                backlog = await leading[0].outbox.backlog()
            except DatabaseUnavailableError as exc:
                self.logger.warning(
                    "the backlog is not known",
                    {"action": "measure", "error_code": exc.code, "error": str(exc)},
                )
        self.metrics.flush(shards_led=len(leading), backlog=backlog)

    async def close(self) -> None:
        """Write the last metrics and close the way to Ably."""
        self.metrics.flush(shards_led=0, backlog=None)
        await self.membership.close()
        await self.publisher.close()


def _assemble(settings: Settings, logger: Logger, write_metrics: Callable[[str], None]) -> _Service:
    shared = _Shared(
        settings=settings,
        publisher=AblyPublisher(settings.ably),
        metrics=EmfMetrics(
            namespace=settings.metrics_namespace,
            dimensions=settings.dimensions,
            write=write_metrics,
        ),
        # Where there are several shards, none is taken before it is known who else takes some.
        assignment=ShardAssignment(shards=settings.shards, quota=1 if settings.shards == 1 else 0),
        logger=logger,
    )
    return _Service(
        relays=tuple(shared.relay(shard) for shard in range(settings.shards)),
        assignment=shared.assignment,
        membership=PostgresMembership(settings.database, settings.shards),
        publisher=shared.publisher,
        metrics=shared.metrics,
        installation=Installer.configured(settings, logger),
        stopped=shared.stopped,
        clock=shared.clock,
        logger=logger,
    )


@dataclass(kw_only=True, slots=True)
class _Shared:
    """What the relays of a process have in common."""

    settings: Settings
    publisher: AblyPublisher
    metrics: EmfMetrics
    assignment: ShardAssignment
    logger: Logger
    clock: Clock = field(default_factory=SystemClock)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def relay(self, shard: int) -> Relay:
        """One shard's relay."""
        woken, resigned = asyncio.Event(), asyncio.Event()
        state = RelayState(ticked_at=self.clock.now(), shard=shard)
        database, shards = self.settings.database, self.settings.shards
        outbox = PostgresOutbox(database, shard=shard, shards=shards)
        leadership = Leadership(
            publisher=self.publisher,
            clock=self.clock,
            counters=self.metrics,
            logger=self.logger,
            state=state,
            backoff=Backoff(cap_seconds=ABLY_BACKOFF_CAP_SECONDS, random=random.random),
            woken=woken,
            stopped=resigned,
            poll_seconds=self.settings.poll_seconds,
            max_in_flight=self.settings.max_in_flight,
            limits=limits(self.settings.ably),
            rates=rates(self.settings.ably).share(shards),
        )
        return Relay(
            outbox=outbox,
            lead=leadership.dispatcher,
            wakeups=PostgresWakeups(database, self.logger),
            clock=self.clock,
            logger=self.logger,
            state=state,
            backoff=Backoff(cap_seconds=DATABASE_BACKOFF_CAP_SECONDS, random=random.random),
            woken=woken,
            resigned=resigned,
            stopped=self.stopped,
            assignment=self.assignment,
        )
