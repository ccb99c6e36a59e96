"""The SQS queue of messages that can never be written: one SQS message per reject, in this form.

    {"reason": …, "detail": …, "envelope": {…}, "original": …}

`original` is what arrived. If it is too large for one SQS message, `original` is absent,
`originalTruncated` is the beginning of its JSON text, and `originalBytes` its whole length.
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
# SQS accepts 1 MiB per request; this is its older limit, which other tools may still have.
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
            RejectQueueUnavailableError: the queue did not accept all of them.
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
    """The bodies in order, grouped into requests within both of SQS's limits."""
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
    content: dict[str, Any] = {"reason": reject.reason, "detail": reject.detail}
    original = _ascii_json(reject.original)
    envelope = _ascii_json(reject.envelope)
    whole = f'{json.dumps(content)[:-1]}, "envelope": {envelope}, "original": {original}}}'
    if len(whole) <= MAX_BODY_BYTES:
        return whole
    # In a JSON string each quote and backslash doubles, so this is at most 128,000 bytes.
    content["originalTruncated"] = original[:TRUNCATED_CHARACTERS]
    content["originalBytes"] = len(original)
    return json.dumps(content)


def _ascii_json(value: object) -> str:
    """JSON in ASCII: each character is one byte, and SQS accepts it."""
    try:
        return json.dumps(value, separators=(",", ":"))
    except RecursionError:
        return '"nested too deeply to be shown"'
