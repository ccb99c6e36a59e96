"""What may be sent at a time follows from the plan, and what is set wins over it."""

import pytest

from connector_task.config.model import AblySettings, Plan
from connector_task.relay.limits import Limits, limits


@pytest.mark.parametrize(
    ("plan", "array_bytes"),
    [
        (Plan.FREE, 65_536),
        (Plan.STANDARD, 65_536),
        (Plan.PRO, 262_144),
        (Plan.UNLIMITED, 65_536),
    ],
)
def test_a_publish_is_as_large_as_the_plan_allows(plan: Plan, array_bytes: int) -> None:
    assert limits(AblySettings(api_key="", plan=plan)) == Limits(array_bytes=array_bytes)


def test_what_is_set_wins_over_the_plan() -> None:
    settings = AblySettings(
        api_key="", plan=Plan.PRO, message_bytes=5000, request_bytes=6000, request_channels=7
    )
    expected = Limits(array_bytes=5000, request_bytes=6000, request_channels=7)
    assert limits(settings) == expected
