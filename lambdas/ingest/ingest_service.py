"""Ingests what arrives: parses it, writes it in one transaction, sends rejects, counts metrics.

An event from the rule succeeds or fails as a whole, because Lambda delivers it again as a whole. Of
a queue's batch, SQS delivers only the failed messages again.
"""

from collections.abc import Callable, Collection
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.common.database import Database
from lambdas.common.errors import DatabaseRefusedError, EditBeforeMessageError
from lambdas.common.observability import count
from lambdas.common.secrets import Secrets
from lambdas.ingest import report, repository
from lambdas.ingest.commands import Batch, Command
from lambdas.ingest.parsing import parse_event
from lambdas.ingest.plan import WritePlan, plan
from lambdas.ingest.queue_batch import QueuedEvent, is_queue_batch, merge, parse_queue_batch
from lambdas.ingest.reject_queue import RejectQueue
from lambdas.ingest.settings import IngestSettings

Apply = Callable[[Cursor, WritePlan], repository.Changes]


class IngestService:
    """Ingest in one execution environment: its connection and queue are kept between events."""

    def __init__(self, settings: IngestSettings) -> None:
        self._limits = settings.limits
        self._reads_queue = settings.reads_queue
        self._database = Database(settings.database, Secrets())
        self._queue = RejectQueue(settings.reject_queue_url)

    def handle(self, event: Any) -> dict[str, Any]:
        """Write what arrived; returns the result for Lambda.

        Raises:
            EditBeforeMessageError: nothing of the event was written.
            FunctionError: the database, the queue or a secret failed; see lambdas.common.errors.
        """
        if self._reads_queue and is_queue_batch(event):
            return self._handle_batch(parse_queue_batch(event, self._limits))
        return self._handle_event(event)

    def _handle_event(self, event: object) -> dict[str, int]:
        batch = parse_event(event, self._limits)
        count("MessagesReceived", batch.message_count)
        try:
            done = self._write(batch.commands, _apply_whole)
        except EditBeforeMessageError as exc:
            count("EditsBeforeMessage", exc.count)
            raise
        self._finish(batch, done)
        return {"messages": batch.message_count, "rejected": len(batch.rejects)}

    def _handle_batch(self, queued: Collection[QueuedEvent]) -> dict[str, Any]:
        """Write a batch; the result names what failed, so that SQS delivers only that again."""
        count("MessagesReceived", merge(queued).message_count)
        try:
            failed = self._write_merged(queued)
        except DatabaseRefusedError:
            # One message caused the failure, and must not block the others.
            failed = [
                message_id for event in queued for message_id in self._write_separately(event)
            ]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _write_merged(self, queued: Collection[QueuedEvent]) -> list[str]:
        batch = merge(queued)
        done = self._write(batch.commands, repository.apply)
        self._finish(batch, done)
        missing = {change.target_id for change in done.with_outcome(repository.Outcome.MISSING)}
        early = [event.queue_message_id for event in queued if event.touches(missing)]
        if early:
            count("EditsBeforeMessage", len(early))
        return early

    def _write_separately(self, queued: QueuedEvent) -> list[str]:
        try:
            return self._write_merged([queued])
        except DatabaseRefusedError as exc:
            report.refused_by_database(exc)
            return [queued.queue_message_id]

    def _write(self, commands: tuple[Command, ...], apply: Apply) -> repository.Changes:
        if not commands:
            return repository.Changes()
        planned = plan(commands)
        return self._database.run(lambda cursor: apply(cursor, planned))

    def _finish(self, batch: Batch, done: repository.Changes) -> None:
        report.changes(batch, done)
        self._queue.send(batch.rejects)
        report.rejects(batch.rejects)


def _apply_whole(cursor: Cursor, planned: WritePlan) -> repository.Changes:
    """Apply the plan, or raise so that the transaction ends with nothing written."""
    changes = repository.apply(cursor, planned)
    if missing := changes.with_outcome(repository.Outcome.MISSING):
        raise EditBeforeMessageError(len(missing))
    return changes
