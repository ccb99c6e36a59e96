"""What may be sent, and how fast, follows from the plan, and what is set wins over it."""

import pytest

from connector_task.config.ably import AblySettings
from connector_task.config.choices import AblyPlan
from connector_task.relay.limits import BatchLimits, Rates, limits, rates


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
    assert limits(AblySettings(api_key="app.key:secret", plan=plan)) == BatchLimits(
        array_bytes=array_bytes
    )


def test_what_is_set_wins_over_the_plan() -> None:
    settings = AblySettings(
        api_key="app.key:secret",
        plan=AblyPlan.PRO,
        message_bytes=5000,
        request_bytes=6000,
        request_channels=7,
    )
    expected = BatchLimits(array_bytes=5000, request_bytes=6000, request_channels=7)
    assert limits(settings) == expected


@pytest.mark.parametrize(
    ("plan", "per_second", "per_hour"),
    [
        (AblyPlan.FREE, 50, 25_000),
        (AblyPlan.STANDARD, 362, 521_000),
        (AblyPlan.PRO, 1447, 2_083_300),
        (AblyPlan.UNLIMITED, 0, 0),
    ],
)
def test_requests_are_as_frequent_as_the_plan_allows(
    plan: AblyPlan, per_second: float, per_hour: float
) -> None:
    expected = Rates(
        channel_publishes=50,
        channel_bytes=1_048_576,
        requests_per_second=per_second,
        requests_per_hour=per_hour,
    )
    assert rates(AblySettings(api_key="app.key:secret", plan=plan)) == expected


@pytest.mark.parametrize(("per_second", "per_hour"), [(7, 8), (0, 0)], ids=["a rate", "no limit"])
def test_a_rate_that_is_set_wins_over_the_plan(per_second: float, per_hour: float) -> None:
    settings = AblySettings(
        api_key="app.key:secret",
        plan=AblyPlan.PRO,
        channel_publishes=5,
        channel_bytes=6000,
        requests_per_second=per_second,
        requests_per_hour=per_hour,
    )
    expected = Rates(
        channel_publishes=5,
        channel_bytes=6000,
        requests_per_second=per_second,
        requests_per_hour=per_hour,
    )
    assert rates(settings) == expected


def test_several_publishers_share_the_rates_of_the_account_but_not_of_a_channel() -> None:
    whole = Rates(
        channel_publishes=5, channel_bytes=6000, requests_per_second=8, requests_per_hour=80
    )
    expected = Rates(
        channel_publishes=5, channel_bytes=6000, requests_per_second=2, requests_per_hour=20
    )
    assert whole.share(4) == expected
