"""The commands that do one thing and exit; each returns the text to print."""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict

from connector_task.capture import rights
from connector_task.capture.installer import Installer
from connector_task.capture.plan import Capture, InstallationPlan
from connector_task.cli import message_commands
from connector_task.config.choices import LogLevel, Operation
from connector_task.config.model import Settings
from connector_task.observability.json_logger import JsonLogger
from connector_task.operations.status import Status, read_status
from connector_task.relay.ports import Logger


def perform(options: argparse.Namespace, settings: Settings, *, tell: Callable[[str], None]) -> str:
    """Do what the arguments say.

    Args:
        options: of any command but `run` and `health`.
        settings: of the connector.
        tell: writes a line for the person meanwhile.

    Raises:
        ConnectorError: it could not be done.
    """
    logger = JsonLogger(service=settings.service, level=LogLevel.WARNING)
    match options.command:
        case "check":
            return check(settings, logger)
        case "install":
            return install(settings, logger)
        case "uninstall":
            return uninstall(settings, logger, force=options.force)
        case "dead-letter":
            return message_commands.dead_letter(settings, options)
        case "replay":
            return message_commands.replay(settings, options, tell)
        case _:
            return status(settings, as_json=options.json)


def check(settings: Settings, logger: Logger) -> str:
    """Say whether the configuration fits the database, and what `install` would change.

    Raises:
        ConnectorError: it does not fit, or the database is not to be reached.
    """
    review = Installer.configured(settings, logger).check()
    lines = ["the configuration is valid and fits the database"]
    for capture in review.captures:
        table = f"{capture.table.schema}.{capture.table.name}"
        lines.append(f"  {table} {capture.operation} -> {', '.join(capture.channels)}")
    found = [
        *rights.warnings(review.superusers, review.plan.foreign_triggers),
        *_warnings(review.captures),
    ]
    lines += [f"warning: {text}" for text in dict.fromkeys(found)]
    return "\n".join(lines + _planned(review.plan))


def _warnings(captures: list[Capture]) -> Iterator[str]:
    """What is allowed, and yet may not be what is meant."""
    for capture in captures:
        table = f"{capture.table.schema}.{capture.table.name}"
        if capture.operation is Operation.TRUNCATE:
            continue
        if not capture.table.key:
            yield (
                f"{table} has no primary key, so a row that is too large "
                "for Ably goes out without anything to know it by"
            )
        for route in capture.routes:
            columns = route.options.columns
            if columns is not None and not set(capture.table.key) <= set(columns):
                yield (
                    f"{table} {capture.operation} to {route.channel} leaves out columns of the "
                    "primary key, so clients cannot tell the rows apart by it"
                )


def _planned(plan: InstallationPlan) -> list[str]:
    if plan.is_empty:
        return ["everything is installed"]
    lines = ["`install` would"]
    lines += [
        f"  drop trigger {trigger.name} on {trigger.schema}.{trigger.table}"
        for trigger in plan.drop_triggers
    ]
    lines += [f"  write function ably.{name}" for name, _ in plan.write_functions]
    lines += [
        f"  create trigger {trigger.name} on {trigger.relation.schema}.{trigger.relation.name}"
        for trigger in plan.create_triggers
    ]
    return lines + [f"  drop function ably.{name}" for name in plan.drop_functions]


def install(settings: Settings, logger: Logger) -> str:
    """Bring the database to the configuration.

    Raises:
        ConnectorError: that is not possible; nothing has changed.
    """
    plan = Installer.configured(settings, logger).install()
    if plan.is_empty:
        return "everything was installed already"
    dropped, created = len(plan.drop_triggers), len(plan.create_triggers)
    return f"installed: {created} triggers created, {dropped} dropped"


def uninstall(settings: Settings, logger: Logger, *, force: bool) -> str:
    """Take everything away that `install` made.

    Raises:
        ConnectorError: that is not possible, or something would be lost and `force` is not given.
    """
    Installer.configured(settings, logger).uninstall(force=force)
    return (
        "uninstalled: triggers, schema ably and ablycontroltable are dropped; "
        "your tables, their rows and what is on Ably stay as they are"
    )


def status(settings: Settings, *, as_json: bool = False) -> str:
    """Tell the state of the connectors of the database.

    Raises:
        ConnectorError: the database is not to be reached, or nothing is installed.
    """
    state = read_status(settings.database)
    if as_json:
        return json.dumps(asdict(state), default=str, indent=2)
    return _rendered(state)


def _rendered(state: Status) -> str:
    lines = [
        f"leader:       {_leader(state)}",
        f"backlog:      {state.backlog.messages} messages",
        f"oldest:       {state.backlog.oldest_seconds:.1f} s",
        f"retrying:     {len(state.retries)} channels",
    ]
    lines += [
        f"  {retry.channel}: {retry.messages} messages, {retry.attempts} attempts, "
        f"next in {retry.seconds_to_next:.1f} s, {retry.last_error}"
        for retry in state.retries
    ]
    lines.append(f"dead letters: {state.dead_letter_count}")
    lines += [
        f"  {letter.at:%Y-%m-%d %H:%M:%S%z} {letter.channel} outbox id {letter.outbox_id}: "
        f"{letter.error_code} {letter.error}"
        for letter in state.dead_letters
    ]
    return "\n".join(lines)


def _leader(state: Status) -> str:
    if not state.leaders:
        return "none"
    shown = []
    for leader in state.leaders:
        shard = f"shard {leader.shard}: " if len(state.leaders) > 1 or leader.shard else ""
        since = f" since {leader.since:%Y-%m-%d %H:%M:%S%z}" if leader.since else ""
        address = leader.address or "an unknown address"
        shown.append(f"{shard}pid {leader.pid} from {address}{since}")
    return f"\n{' ' * 14}".join(shown)
