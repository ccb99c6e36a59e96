"""One event taken in: parsed, written in one transaction, its rejects sent, its metrics counted."""

from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.common.database import Database
from lambdas.common.errors import EditBeforeMessageError
from lambdas.common.observability import count
from lambdas.common.secrets import Secrets
from lambdas.ingest import report, store
from lambdas.ingest.commands import Command
from lambdas.ingest.parsing import parse_event
from lambdas.ingest.plan import Plan, plan
from lambdas.ingest.reject_queue import RejectQueue
from lambdas.ingest.settings import IngestSettings


class Intake:
    """One execution environment's connection and queue, kept between events."""

    def __init__(self, settings: IngestSettings) -> None:
        self._limits = settings.limits
        self._database = Database(settings.database, Secrets())
        self._queue = RejectQueue(settings.reject_queue_url)

    def take(self, event: object) -> dict[str, int]:
        """Write what the event asks for; returns the counts of its messages and rejects.

        Raises:
            EditBeforeMessageError: nothing of the event was written.
            FunctionError: the database, the queue or a secret failed; see lambdas.common.errors.
        """
        batch = parse_event(event, self._limits)
        count("MessagesReceived", batch.message_count)
        report.changes(batch, self._write(batch.commands))
        self._queue.send(batch.rejects)
        report.rejects(batch.rejects)
        return {"messages": batch.message_count, "rejected": len(batch.rejects)}

    def _write(self, commands: tuple[Command, ...]) -> store.Changes:
        if not commands:
            return store.Changes()
        planned = plan(commands)
        try:
            return self._database.run(lambda cursor: _apply(cursor, planned))
        except EditBeforeMessageError as exc:
            count("EditsBeforeMessage", exc.count)
            raise


def _apply(cursor: Cursor, planned: Plan) -> store.Changes:
    """Apply the plan, or raise so that the transaction ends with nothing written."""
    changes = store.apply(cursor, planned)
    if missing := changes.with_outcome(store.Outcome.MISSING):
        raise EditBeforeMessageError(len(missing))
    return changes
