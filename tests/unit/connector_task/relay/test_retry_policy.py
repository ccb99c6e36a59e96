"""What every kind of failure means, and how long is waited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_task.errors import ErrorCode, PublishError
from connector_task.relay.retry_policy import Backoff, ErrorClass, classify


@pytest.mark.parametrize(
    ("code", "status", "error_class"),
    [
        (ErrorCode.ABLY_UNREACHABLE, 0, ErrorClass.AGAIN),
        (ErrorCode.ABLY_TIMEOUT, 0, ErrorClass.AGAIN),
        (ErrorCode.ABLY_UNREADABLE, 404, ErrorClass.AGAIN),
        (42900, 0, ErrorClass.AGAIN),
        (42910, 429, ErrorClass.AGAIN),
        (42913, 429, ErrorClass.AGAIN),
        (42917, 429, ErrorClass.AGAIN),
        (40000, 429, ErrorClass.AGAIN),
        (42999, 0, ErrorClass.AGAIN),
        (50000, 500, ErrorClass.AGAIN),
        (0, 500, ErrorClass.AGAIN),  # a proxy's, without a code of Ably's
        (50000, 0, ErrorClass.AGAIN),  # a batch's, in an answer of its own status
        (59999, 0, ErrorClass.AGAIN),
        (50003, 504, ErrorClass.AGAIN),
        (80021, 400, ErrorClass.AGAIN),
        (90021, 400, ErrorClass.AGAIN),
        (40140, 401, ErrorClass.AGAIN),
        (40142, 401, ErrorClass.AGAIN),
        (40149, 401, ErrorClass.AGAIN),
        (40150, 401, ErrorClass.BLOCKED),
        (43000, 400, ErrorClass.BLOCKED),
        (60000, 400, ErrorClass.BLOCKED),
        (40000, 408, ErrorClass.AGAIN),
        (40100, 401, ErrorClass.BLOCKED),
        (40101, 401, ErrorClass.BLOCKED),
        (40110, 401, ErrorClass.BLOCKED),
        (40131, 401, ErrorClass.BLOCKED),
        (40300, 403, ErrorClass.BLOCKED),
        (40400, 404, ErrorClass.BLOCKED),
        (0, 418, ErrorClass.BLOCKED),
        (40010, 400, ErrorClass.CHANNEL_REFUSED),
        (40160, 401, ErrorClass.CHANNEL_REFUSED),
        (40009, 413, ErrorClass.MESSAGE_REFUSED),
        (40012, 400, ErrorClass.MESSAGE_REFUSED),
        (40013, 400, ErrorClass.MESSAGE_REFUSED),
        (40031, 400, ErrorClass.MESSAGE_REFUSED),
        (40032, 400, ErrorClass.MESSAGE_REFUSED),
        (40034, 400, ErrorClass.MESSAGE_REFUSED),
    ],
)
def test_every_error_has_its_class(
    code: int | ErrorCode, status: int, error_class: ErrorClass
) -> None:
    assert classify(PublishError(code, status, "")) is error_class


@given(st.integers(min_value=1, max_value=10_000), st.floats(min_value=0, max_value=1))
def test_a_delay_is_never_negative_nor_longer_than_the_cap(failures: int, chance: float) -> None:
    delay = Backoff(base_seconds=0.1, cap_seconds=30, random=lambda: chance).delay(failures)
    assert 0 <= delay <= min(30, 0.1 * 2.0 ** min(failures, 16))
