"""Divides claimed batches among requests that Ably takes. Pure."""

from collections.abc import Iterable, Iterator

from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import Batch, Message

# Around a message's own bytes there are its id, a uuid and a place, and the names of the fields.
MESSAGE_OVERHEAD_BYTES = 100
BATCH_OVERHEAD_BYTES = 64


def requests(batches: Iterable[Batch], limits: BatchLimits) -> Iterator[list[Batch]]:
    """Group batches, in their order, so that each group fits in one request."""
    group: list[Batch] = []
    group_bytes = 0
    for batch in batches:
        batch_bytes = _bytes_in_request(batch)
        is_full = len(group) == limits.request_channels
        if group and (is_full or group_bytes + batch_bytes > limits.request_bytes):
            yield group
            group, group_bytes = [], 0
        group.append(batch)
        group_bytes += batch_bytes
    if group:
        yield group


def _bytes_in_request(batch: Batch) -> int:
    messages = sum(_message_bytes(message) for message in batch.messages)
    return BATCH_OVERHEAD_BYTES + len(batch.channel.encode()) + messages


def _message_bytes(message: Message) -> int:
    return MESSAGE_OVERHEAD_BYTES + message.size_bytes
