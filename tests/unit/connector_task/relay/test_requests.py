"""Batches are divided among requests that Ably takes."""

import msgpack  # type: ignore[import-untyped]  # it carries no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import Batch, BatchId, Message
from connector_task.relay.requests import (
    BATCH_OVERHEAD_BYTES,
    MESSAGE_OVERHEAD_BYTES,
    requests,
)

UUID = "01234567-89ab-cdef-0123-456789abcdef"


def batch(number: int, sizes: list[int], name: str = "channel") -> Batch:
    messages = tuple(
        Message(outbox_id=place, name="INSERT", data="x" * size, size_bytes=size + 6)
        for place, size in enumerate(sizes)
    )
    return Batch(id=BatchId(UUID), channel=f"{name}-{number}", attempts=0, messages=messages)


names = st.integers(1, 400).map(lambda length: "ä" * length)
contents = st.tuples(st.lists(st.integers(0, 300), min_size=1, max_size=20), names)
batches = st.lists(contents, max_size=30).map(
    lambda given: [batch(number, sizes, name) for number, (sizes, name) in enumerate(given)]
)


@given(batches)
def test_no_batch_is_lost_doubled_or_moved(given_batches: list[Batch]) -> None:
    limits = BatchLimits(request_bytes=2000, request_channels=4)
    groups = list(requests(given_batches, limits))
    assert [one for group in groups for one in group] == given_batches


@given(batches)
def test_a_request_stays_within_the_limits_as_it_goes_over_the_wire(
    given_batches: list[Batch],
) -> None:
    limits = BatchLimits(request_bytes=8000, request_channels=4)
    for group in requests(given_batches, limits):
        body = [
            {
                "channels": [one.channel],
                "messages": [
                    {"id": f"{one.id}:{place}", "name": message.name, "data": message.data}
                    for place, message in enumerate(one.messages)
                ],
            }
            for one in group
        ]
        assert len(group) <= limits.request_channels
        assert len(group) == 1 or len(msgpack.packb(body)) <= limits.request_bytes


@pytest.mark.parametrize(("spare", "sizes"), [(0, [2, 2]), (-1, [1, 1, 1, 1])])
def test_a_request_is_filled_to_its_last_byte(spare: int, sizes: list[int]) -> None:
    four = [batch(number, [94]) for number in range(4)]  # 100 bytes with the name
    one = BATCH_OVERHEAD_BYTES + len("channel-0") + MESSAGE_OVERHEAD_BYTES + 100
    groups = list(requests(four, BatchLimits(request_bytes=2 * one + spare)))
    assert [len(group) for group in groups] == sizes
