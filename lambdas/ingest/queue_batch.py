"""A batch of the SQS queue that an Ably rule fills; each body is one enveloped event."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lambdas.ingest.commands import Batch, Reason, Reject, Write
from lambdas.ingest.parsing import parse_event
from lambdas.ingest.settings import Limits


@dataclass(frozen=True, kw_only=True)
class QueuedEvent:
    """One message of the queue.

    Attributes:
        queue_message_id: SQS's id, which the result lists to have the message delivered again.
        batch: what the event in it requests.
    """

    queue_message_id: str
    batch: Batch

    def touches(self, target_ids: Collection[str]) -> bool:
        """Whether it edits or deletes one of these messages."""
        return any(
            not isinstance(command, Write) and command.target_id in target_ids
            for command in self.batch.commands
        )


def is_queue_batch(event: object) -> bool:
    """Whether the event is a batch of a queue."""
    return isinstance(event, dict) and "Records" in event


def parse_queue_batch(event: dict[str, Any], limits: Limits) -> tuple[QueuedEvent, ...]:
    """The messages of a batch, in SQS's order."""
    return tuple(
        QueuedEvent(queue_message_id=record["messageId"], batch=_parse_body(record["body"], limits))
        for record in event["Records"]
    )


def merge(queued: Collection[QueuedEvent]) -> Batch:
    """What all of them request, as one delivery."""
    return Batch(
        commands=tuple(command for each in queued for command in each.batch.commands),
        rejects=tuple(reject for each in queued for reject in each.batch.rejects),
    )


def _parse_body(body: str, limits: Limits) -> Batch:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        reject = Reject(
            reason=Reason.MALFORMED_EVENT, detail="the queue's message is not JSON", original=body
        )
        return Batch(rejects=(reject,))
    return parse_event(event, limits)
