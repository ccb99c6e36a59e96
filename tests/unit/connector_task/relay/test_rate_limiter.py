"""No window of a second holds more publishes than Ably takes; an idle channel waits for nothing."""

import pytest

from connector_task.relay.limits import Rates
from connector_task.relay.ports import Batch, BatchId, Message
from connector_task.relay.rate_limiter import RateLimiter

ONLY_CHANNELS = Rates(channel_bytes=0, requests_per_second=0, requests_per_hour=0)
ONLY_ACCOUNT = Rates(channel_publishes=0, channel_bytes=0)


def batch(channel: str, size_bytes: int = 100) -> Batch:
    message = Message(outbox_id=1, name=None, data="x", size_bytes=size_bytes)
    return Batch(id=BatchId("x"), channel=channel, attempts=0, messages=(message,))


def publish_flat_out(
    rate_limiter: RateLimiter, seconds: float, size_bytes: int = 100
) -> list[float]:
    """The times of the publishes on one channel that always has something to say."""
    now, times = 1000.0, []
    while now < 1000.0 + seconds:
        times.append(now)
        rate_limiter.spend([batch("a", size_bytes)], now)
        now = max(now, rate_limiter.channel_ready_at("a"), rate_limiter.account_ready_at())
    return times


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(start <= time < start + seconds for time in times) for start in times)


def test_a_busy_channel_stays_within_its_rate_and_uses_most_of_it() -> None:
    times = publish_flat_out(RateLimiter(ONLY_CHANNELS), 10)
    assert most_within(times, 1.0) <= 50
    assert len(times) > 10 * 50 * 0.85


def test_an_idle_channel_publishes_a_few_at_once_and_then_rests() -> None:
    rate_limiter = RateLimiter(ONLY_CHANNELS)
    for _ in range(4):
        assert rate_limiter.channel_ready_at("a") <= 1000.0
        rate_limiter.spend([batch("a")], 1000.0)
    assert 1000.0 < rate_limiter.channel_ready_at("a") < 1000.05
    assert rate_limiter.resting(1000.0) == ["a"]
    assert rate_limiter.resting(1000.05) == []


def test_channels_do_not_wait_for_one_another() -> None:
    rate_limiter = RateLimiter(ONLY_CHANNELS)
    for _ in range(100):
        rate_limiter.spend([batch("busy")], 1000.0)
    assert rate_limiter.channel_ready_at("idle") == 0.0


@pytest.mark.parametrize("channel_publishes", [50, 0], ids=["both rates", "bytes by themselves"])
def test_large_arrays_are_spaced_by_their_bytes(channel_publishes: float) -> None:
    rates = Rates(channel_publishes=channel_publishes, requests_per_second=0, requests_per_hour=0)
    times = publish_flat_out(RateLimiter(rates), 20, size_bytes=64 * 1024)
    assert len(times) * 64 / 20 == pytest.approx(1024 * 0.9, rel=0.05)


@pytest.mark.parametrize(("per_second", "per_hour"), [(50.0, 0.0), (0.0, 25_000.0)])
def test_the_accounts_requests_stay_within_their_rate(per_second: float, per_hour: float) -> None:
    rates = Rates(channel_publishes=0, channel_bytes=0, requests_per_second=per_second,
                  requests_per_hour=per_hour)  # fmt: skip
    rate_limiter, now, times = RateLimiter(rates), 1000.0, []
    seconds = 20.0 if per_second else 3600.0
    while now < 1000.0 + seconds:
        times.append(now)
        rate_limiter.spend([batch("a")], now)
        now = max(now, rate_limiter.account_ready_at())
    assert len(times) <= (per_second * seconds or per_hour)
    assert len(times) > 0.8 * (per_second * seconds or per_hour)


def test_an_idle_account_sends_a_few_requests_at_once_and_then_spaces_them() -> None:
    rates = Rates(channel_publishes=0, channel_bytes=0, requests_per_second=10, requests_per_hour=0)
    rate_limiter = RateLimiter(rates)
    for _ in range(5):
        assert rate_limiter.account_ready_at() <= 1000.0
        rate_limiter.spend([batch("a")], 1000.0)
    assert rate_limiter.account_ready_at() == pytest.approx(1000.0 + 1 / (10 * 0.9))


def test_without_limits_nothing_is_ever_waited_for() -> None:
    rate_limiter = RateLimiter(Rates(channel_publishes=0, channel_bytes=0, requests_per_second=0,
                      requests_per_hour=0))  # fmt: skip
    for _ in range(1000):
        rate_limiter.spend([batch("a", 65536)], 1000.0)
    assert max(rate_limiter.channel_ready_at("a"), rate_limiter.account_ready_at()) <= 1000.0


def test_channels_that_rest_no_more_are_forgotten() -> None:
    rate_limiter = RateLimiter(ONLY_CHANNELS)
    for number in range(5000):
        rate_limiter.spend([batch(f"channel-{number}")], 1000.0 + number)
    assert len(rate_limiter.resting(0.0)) <= 1001
