"""Every process takes its part of the shards, and all parts together are all of them."""

import pytest

from connector_task.relay.shards import Crew


@pytest.mark.parametrize("shards", [1, 2, 5, 32])
@pytest.mark.parametrize("members", [1, 2, 3, 7])
def test_the_parts_are_even_and_make_up_the_whole(shards: int, members: int) -> None:
    crews = [Crew(shards=shards) for _ in range(members)]
    for place, crew in enumerate(crews):
        crew.take_place(place, members)
    quotas = [crew.quota for crew in crews]
    assert sum(quotas) == shards
    assert max(quotas) - min(quotas) <= 1


async def test_no_more_are_asked_for_than_the_part() -> None:
    crew = Crew(shards=4)
    crew.take_place(0, 2)
    for shard in range(2):
        async with crew.turn() as may_lead:
            assert may_lead
            crew.leading.add(shard)
    async with crew.turn() as may_lead:
        assert not may_lead


def test_what_is_too_much_since_another_came_is_handed_over() -> None:
    crew = Crew(shards=4, quota=4, leading={0, 1, 2, 3})
    assert crew.surplus() == []
    crew.take_place(0, 2)
    assert crew.surplus() == [2, 3]
