"""The SQS queue of what can never be written: one message per reject, in the form below.

    {"reason": …, "detail": …, "envelope": {…}, "original": …}

`original` is what arrived. Where it is too large for one SQS message, `original` is absent and
`originalTruncated` holds the beginning of its JSON text, with `originalBytes` its whole length.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import RejectQueueUnavailableError
from lambdas.ingest.commands import Reject

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_BATCH_ENTRIES = 10
# SQS takes 1 MiB a request; its older limit is kept to, which other tools on a queue still have.
MAX_BATCH_BYTES = 262_144
MAX_BODY_BYTES = 200_000
TRUNCATED_CHARACTERS = 64_000


class RejectQueue:
    """Sends rejects; a repeated delivery of an event sends its rejects again."""

    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url

    def send(self, rejects: Sequence[Reject]) -> None:
        """Send every reject, in as few requests as fit.

        Raises:
            RejectQueueUnavailableError: the queue did not take all of them.
        """
        for bodies in _batches([_body(reject) for reject in rejects]):
            self._send(bodies)

    def _send(self, bodies: list[str]) -> None:
        try:
            answer = self._client.send_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)
                ],
            )
        except (BotoCoreError, ClientError) as exc:
            raise RejectQueueUnavailableError(
                f"unable to send {len(bodies)} reject(s); {type(exc).__name__}"
            ) from exc
        if failed := answer.get("Failed"):
            raise RejectQueueUnavailableError(
                f"unable to send {len(failed)} of {len(bodies)} reject(s); {failed[0]['Code']}"
            )

    @cached_property
    def _client(self) -> "SQSClient":
        config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard"})
        return boto3.client("sqs", config=config)


def _batches(bodies: list[str]) -> Iterator[list[str]]:
    """The bodies in order, in requests that keep both of SQS's limits."""
    batch: list[str] = []
    size = 0
    for body in bodies:
        if batch and (len(batch) == MAX_BATCH_ENTRIES or size + len(body) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += len(body)
    if batch:
        yield batch


def _body(reject: Reject) -> str:
    facts: dict[str, Any] = {"reason": reject.reason, "detail": reject.detail}
    original = _ascii_json(reject.original)
    envelope = _ascii_json(reject.envelope)
    whole = f'{json.dumps(facts)[:-1]}, "envelope": {envelope}, "original": {original}}}'
    if len(whole) <= MAX_BODY_BYTES:
        return whole
    # In a JSON string each quote and backslash doubles, so this is at most 128,000 bytes.
    facts["originalTruncated"] = original[:TRUNCATED_CHARACTERS]
    facts["originalBytes"] = len(original)
    return json.dumps(facts)


def _ascii_json(value: object) -> str:
    """JSON of ASCII characters alone: a character is a byte, and SQS takes each of them."""
    try:
        return json.dumps(value, separators=(",", ":"))
    except RecursionError:
        return '"nested too deeply to be shown"'
