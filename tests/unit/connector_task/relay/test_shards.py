"""Every process takes its part of the shards, and all parts together are all of them."""

import pytest

from connector_task.relay.shards import ShardAssignment


@pytest.mark.parametrize("shards", [1, 2, 5, 32])
@pytest.mark.parametrize("members", [1, 2, 3, 7])
def test_the_parts_are_even_and_make_up_the_whole(shards: int, members: int) -> None:
    crews = [ShardAssignment(shards=shards) for _ in range(members)]
    for place, assignment in enumerate(crews):
        assignment.rebalance(place, members)
    quotas = [assignment.quota for assignment in crews]
    assert sum(quotas) == shards
    assert max(quotas) - min(quotas) <= 1


async def test_no_more_are_asked_for_than_the_part() -> None:
    assignment = ShardAssignment(shards=4)
    assignment.rebalance(0, 2)
    for shard in range(2):
        async with assignment.turn() as may_lead:
            assert may_lead
            assignment.leading.add(shard)
    async with assignment.turn() as may_lead:
        assert not may_lead


def test_what_is_too_much_since_another_came_is_handed_over() -> None:
    assignment = ShardAssignment(shards=4, quota=4, leading={0, 1, 2, 3})
    assert assignment.surplus() == []
    assignment.rebalance(0, 2)
    assert assignment.surplus() == [2, 3]
