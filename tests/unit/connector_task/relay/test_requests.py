"""Batches are divided among requests that Ably takes."""

import msgpack  # type: ignore[import-untyped]  # it carries no types
from hypothesis import given
from hypothesis import strategies as st

from connector_task.relay.limits import BatchLimits
from connector_task.relay.ports import Batch, BatchId, Message
from connector_task.relay.requests import requests

UUID = "01234567-89ab-cdef-0123-456789abcdef"


def batch(number: int, sizes: list[int]) -> Batch:
    messages = tuple(
        Message(outbox_id=place, name="INSERT", data="x" * size, size_bytes=size + 6)
        for place, size in enumerate(sizes)
    )
    return Batch(id=BatchId(UUID), channel=f"channel-{number}", attempts=0, messages=messages)


batches = st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=20), max_size=30).map(
    lambda all_sizes: [batch(number, sizes) for number, sizes in enumerate(all_sizes)]
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
