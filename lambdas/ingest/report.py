"""Reports the outcome of an event in metrics and log lines; neither contains clients' text."""

from collections import Counter
from collections.abc import Sequence

from lambdas.common.errors import DatabaseRefusedError
from lambdas.common.observability import count, count_by_reason, logger
from lambdas.ingest.commands import Batch, Reject, Write
from lambdas.ingest.repository import Change, Changes, Outcome


def changes(batch: Batch, done: Changes) -> None:
    """Count what was written and log each refusal."""
    writes = sum(isinstance(command, Write) for command in batch.commands)
    _count("MessagesIngested", len(done.written_ids))
    _count("MessagesRepeated", writes - len(done.written_ids))
    for subject, made in (("Edits", done.edits), ("Deletes", done.deletes)):
        outcomes = Counter(change.outcome for change in made)
        _count(f"{subject}Applied", outcomes[Outcome.APPLIED])
        _count(f"{subject}Superseded", outcomes[Outcome.SUPERSEDED])
        _count(f"{subject}Refused", outcomes[Outcome.REFUSED])
    for change in done.with_outcome(Outcome.REFUSED):
        _log_refusal(change)


def rejects(sent: Sequence[Reject]) -> None:
    """Count and log what went to the reject queue, by reason."""
    reasons = Counter(str(reject.reason) for reject in sent)
    count_by_reason("MessagesRejected", reasons)
    for reason, number in sorted(reasons.items()):
        logger().warning(
            "messages rejected",
            extra={"action": "reject", "reason": reason, "count": number},
        )


def refused_by_database(error: DatabaseRefusedError) -> None:
    """Log a message that failed by itself and permanently; SQS will dead-letter it."""
    logger().error(
        "queued message refused by the database",
        extra={"action": "write_message", "error_code": error.code},
    )


def _log_refusal(change: Change) -> None:
    logger().warning(
        "edit or delete by another client refused",
        extra={
            "action": "refuse",
            "message_id": change.message_id,
            "target_id": change.target_id,
        },
    )


def _count(name: str, value: int) -> None:
    if value:
        count(name, value)
