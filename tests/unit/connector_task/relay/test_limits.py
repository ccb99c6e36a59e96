"""What may be sent at a time follows from the plan, and what is set wins over it."""

import pytest

from connector_task.config.model import AblyPlan, AblySettings
from connector_task.relay.limits import BatchLimits, limits


@pytest.mark.parametrize(
    ("plan", "array_bytes"),
    [
        (AblyPlan.FREE, 65_536),
        (AblyPlan.STANDARD, 65_536),
        (AblyPlan.PRO, 262_144),
        (AblyPlan.UNLIMITED, 65_536),
    ],
)
def test_a_publish_is_as_large_as_the_plan_allows(plan: AblyPlan, array_bytes: int) -> None:
    assert limits(AblySettings(api_key="", plan=plan)) == BatchLimits(array_bytes=array_bytes)


def test_what_is_set_wins_over_the_plan() -> None:
    settings = AblySettings(
        api_key="", plan=AblyPlan.PRO, message_bytes=5000, request_bytes=6000, request_channels=7
    )
    expected = BatchLimits(array_bytes=5000, request_bytes=6000, request_channels=7)
    assert limits(settings) == expected
