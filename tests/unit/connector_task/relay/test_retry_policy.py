"""What every kind of failure means, and how long is waited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_task.errors import ErrorCode, PublishError
from connector_task.relay.retry_policy import Backoff, Verdict, judge


@pytest.mark.parametrize(
    ("code", "status", "verdict"),
    [
        (ErrorCode.ABLY_UNREACHABLE, 0, Verdict.AGAIN),
        (ErrorCode.ABLY_TIMEOUT, 0, Verdict.AGAIN),
        (ErrorCode.ABLY_UNREADABLE, 404, Verdict.AGAIN),
        (42910, 429, Verdict.AGAIN),
        (42913, 429, Verdict.AGAIN),
        (42917, 429, Verdict.AGAIN),
        (40000, 429, Verdict.AGAIN),
        (50000, 500, Verdict.AGAIN),
        (50003, 504, Verdict.AGAIN),
        (90021, 400, Verdict.AGAIN),
        (40140, 401, Verdict.AGAIN),
        (40142, 401, Verdict.AGAIN),
        (40000, 408, Verdict.AGAIN),
        (40100, 401, Verdict.BLOCKED),
        (40101, 401, Verdict.BLOCKED),
        (40110, 401, Verdict.BLOCKED),
        (40131, 401, Verdict.BLOCKED),
        (40300, 403, Verdict.BLOCKED),
        (40400, 404, Verdict.BLOCKED),
        (0, 418, Verdict.BLOCKED),
        (40010, 400, Verdict.CHANNEL_REFUSED),
        (40160, 401, Verdict.CHANNEL_REFUSED),
        (40009, 413, Verdict.MESSAGE_REFUSED),
        (40012, 400, Verdict.MESSAGE_REFUSED),
        (40013, 400, Verdict.MESSAGE_REFUSED),
        (40031, 400, Verdict.MESSAGE_REFUSED),
        (40032, 400, Verdict.MESSAGE_REFUSED),
        (40034, 400, Verdict.MESSAGE_REFUSED),
    ],
)
def test_every_error_has_its_verdict(code: int | ErrorCode, status: int, verdict: Verdict) -> None:
    assert judge(PublishError(code, status, "")) is verdict


@given(st.integers(min_value=1, max_value=10_000), st.floats(min_value=0, max_value=1))
def test_a_delay_is_never_negative_nor_longer_than_the_cap(failures: int, chance: float) -> None:
    delay = Backoff(base_seconds=0.1, cap_seconds=30, random=lambda: chance).delay(failures)
    assert 0 <= delay <= min(30, 0.1 * 2.0 ** min(failures, 16))
