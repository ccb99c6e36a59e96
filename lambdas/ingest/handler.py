"""The ingest function: the event of the Ably rule in, rows of the chat table out.

One event is one transaction. What can never be written goes to the reject queue once the rest is
committed; every other failure raises, so that AWS delivers the event again, and a delivery more
changes nothing (docs/adr/0003).
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.common.database import Database
from lambdas.common.errors import EditBeforeMessageError
from lambdas.common.observability import Handler, count, observed
from lambdas.common.secrets import Secrets
from lambdas.ingest import report, store
from lambdas.ingest.commands import Command
from lambdas.ingest.parsing import parse_event
from lambdas.ingest.plan import plan
from lambdas.ingest.reject_queue import RejectQueue
from lambdas.ingest.settings import IngestSettings, Limits


class Ingest:
    """One execution environment's ingest: settings, connection and queue, kept between events."""

    def __init__(self, *, database: Database, queue: RejectQueue, limits: Limits) -> None:
        self._database = database
        self._queue = queue
        self._limits = limits

    @classmethod
    def build(cls, settings: IngestSettings) -> "Ingest":
        """Wire the parts; connects to nothing yet."""
        return cls(
            database=Database(settings.database, Secrets()),
            queue=RejectQueue(settings.reject_queue_url),
            limits=settings.limits,
        )

    def take(self, event: object) -> dict[str, int]:
        """Write what the event asks for; returns how many messages, rejects and changes there were.

        Raises:
            EditBeforeMessageError: nothing of the event was written.
            FunctionError: the database, the queue or a secret failed; see lambdas.common.errors.
        """
        batch = parse_event(event, self._limits)
        count("MessagesReceived", batch.message_count)
        changes = store.Changes()
        if batch.commands:
            changes = self._database.run(lambda cursor: _apply(cursor, batch.commands))
        report.changes(batch, changes)
        self._queue.send(batch.rejects)
        report.rejects(batch.rejects)
        return {"messages": batch.message_count, "rejected": len(batch.rejects)}


def _apply(cursor: Cursor, commands: tuple[Command, ...]) -> store.Changes:
    changes = store.apply(cursor, plan(commands))
    if missing := changes.with_outcome(store.Outcome.MISSING):
        raise EditBeforeMessageError(len(missing))
    return changes


def make_handler(environment: Mapping[str, str]) -> Handler:
    """The Lambda handler; the environment is read at its first event."""

    @cache
    def ingest() -> Ingest:
        return Ingest.build(IngestSettings.parse(environment))

    def handle(event: Any, _context: LambdaContext) -> dict[str, int]:
        return ingest().take(event)

    return observed(handle, environment)


handler = make_handler(os.environ)
