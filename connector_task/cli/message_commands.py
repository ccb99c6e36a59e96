"""The commands about messages: dead letters and replay."""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict

from connector_task.config.model import Settings
from connector_task.errors import CommandError, ErrorCode
from connector_task.operations.dead_letters import DeadLetter, PostgresDeadLetters, Selection
from connector_task.operations.replay import PostgresReplay, Progress, ReplayOrder
from connector_task.relay.limits import message_bytes

TELL_SECONDS = 1.0
PAUSE_SECONDS = 0.1


def dead_letter(settings: Settings, options: argparse.Namespace) -> str:
    """List, retry or discard dead letters.

    Raises:
        ConnectorError: a named one is not there, or the database is not to be reached.
    """
    letters = PostgresDeadLetters(settings.database)
    selection = Selection(ids=tuple(options.ids) if options.ids else None, channel=options.channel)
    if options.action == "list":
        found = letters.find(selection, limit=options.limit)
        if options.json:
            return json.dumps([asdict(letter) for letter in found], default=str, indent=2)
        return "\n".join(map(_line, found)) or "there are no dead letters"
    if options.action == "retry":
        count = letters.retry(selection)
        said = f"{count} messages are in the outbox again, behind what waits there"
    else:
        count = letters.discard(selection)
        said = f"{count} dead letters are forgotten"
    return json.dumps({"count": count}) if options.json else said


def _line(letter: DeadLetter) -> str:
    return (
        f"{letter.id} {letter.at:%Y-%m-%d %H:%M:%S%z} {letter.channel} {letter.name or '-'} "
        f"{letter.bytes} bytes: {letter.error_code} {letter.error}"
    )


def replay(settings: Settings, options: argparse.Namespace, tell: Callable[[str], None]) -> str:
    """Publish existing rows, with a line of progress every second.

    Raises:
        ConnectorError: it cannot be done, or was interrupted; the message says how to continue.
    """
    order = ReplayOrder(
        table=options.table,
        where=options.where,
        channel=options.channel,
        after=options.after,
        step_rows=options.rows,
        max_backlog=options.max_backlog,
        message_bytes=message_bytes(settings.ably),
    )
    work = PostgresReplay(
        settings.database, settings.mappings, order, pause=lambda: time.sleep(PAUSE_SECONDS)
    )
    told_at = time.monotonic()
    try:
        for progress in work.steps():
            if time.monotonic() - told_at >= TELL_SECONDS:
                tell(_progress(progress))
                told_at = time.monotonic()
    except KeyboardInterrupt:
        progress = work.progress
        message = f"interrupted after {progress.rows} rows; go on {_from_there(progress)}"
        raise CommandError(ErrorCode.REPLAY_INTERRUPTED, message) from None
    return f"{work.progress.rows} rows replayed as {work.progress.messages} messages"


def _progress(progress: Progress) -> str:
    waiting = f", waiting for {progress.waiting_for}" if progress.waiting_for else ""
    return f"{progress.rows} rows to {progress.after}, {progress.messages} messages{waiting}"


def _from_there(progress: Progress) -> str:
    return f"with --after '{progress.after}'" if progress.after else "from the beginning"
