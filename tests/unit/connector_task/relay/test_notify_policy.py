"""Writers notify while it sleeps; under load it is awake, and falling asleep overlooks nobody."""

import math

import pytest

from connector_task.relay.notify_policy import LAST_PAUSE, NotifyPolicy
from connector_task.relay.ports import Batch, BatchId, ClaimResult, Message, ScanResult

ENDED = ScanResult()
RUNNING = ScanResult(running=[90, 95])


def claim(messages: int, scan: ScanResult = ENDED) -> ClaimResult:
    message = Message(outbox_id=1, name=None, data="x", size_bytes=1)
    batch = Batch(id=BatchId("x"), channel="a", attempts=0, messages=(message,) * messages)
    return ClaimResult(batches=[batch] if messages else [], scan=scan)


class Turns:
    """Claims, one after another."""

    def __init__(self) -> None:
        self.notify_policy = NotifyPolicy()
        self.now = 1000.0

    def turn(self, seconds: float, messages: int, scan: ScanResult = ENDED) -> bool | None:
        """Some time later; returns what was announced."""
        self.now += seconds
        changed_mode = self.notify_policy.mode_change(self.now)
        self.notify_policy.claimed(
            claim(messages, scan),
            changed_mode=changed_mode,
            is_fenced=self.notify_policy.wants_fence,
            now=self.now,
        )
        return changed_mode


@pytest.fixture
def turns() -> Turns:
    turns = Turns()
    assert turns.turn(0, 0) is False  # a new leader says what an old one may have left otherwise
    assert turns.turn(0, 0) is None  # and has asked who may have been told that
    return turns


def test_at_a_low_rate_it_sleeps_and_announces_nothing(turns: Turns) -> None:
    assert [turns.turn(0.005, 1) for _ in range(200)] == [None] * 200
    assert turns.notify_policy.pause() == math.inf


def test_under_load_it_is_awake_and_looks_often(turns: Turns) -> None:
    changed_mode = [turns.turn(0.002, 5) for _ in range(100)]
    assert changed_mode.count(True) == 1
    assert changed_mode.count(False) == 0
    for _ in range(5):
        turns.turn(0.001, 0)
        assert turns.notify_policy.pause() <= LAST_PAUSE


def test_under_load_it_looks_less_often_each_time_that_it_finds_nothing(turns: Turns) -> None:
    for _ in range(100):
        turns.turn(0.002, 5)
    pauses = []
    for messages in (5, 0, 0, 0, 0, 5):
        turns.turn(0.0001, messages)
        pauses.append(turns.notify_policy.pause())
    assert pauses == [0.001, 0.002, 0.004, 0.008, 0.008, 0.001]


def test_a_rate_between_the_bounds_changes_nothing(turns: Turns) -> None:
    between = [(0.01, 7)] * 100  # about 35 in the window: less than 50, more than 20
    assert [turns.turn(*one) for one in between] == [None] * 100
    for _ in range(100):
        turns.turn(0.002, 5)
    assert [turns.turn(*one) for one in between] == [None] * 100


def test_when_the_load_is_over_it_falls_asleep(turns: Turns) -> None:
    for _ in range(100):
        turns.turn(0.002, 5)
    changed_mode = [turns.turn(LAST_PAUSE, 0) for _ in range(50)]
    assert [one for one in changed_mode if one is not None] == [False]
    assert turns.notify_policy.pause() == math.inf


def test_it_keeps_looking_until_whoever_took_it_for_awake_has_ended(turns: Turns) -> None:
    for _ in range(100):
        turns.turn(0.002, 5)
    while turns.turn(LAST_PAUSE, 0, RUNNING) is not False:
        pass
    pauses = []
    for _ in range(5):
        turns.turn(0.01, 0, RUNNING)
        pauses.append(turns.notify_policy.pause())
    assert pauses == sorted(pauses)
    assert pauses[-1] < 0.1
    turns.turn(0.01, 0, ScanResult(running=[95, 120]))
    assert turns.notify_policy.pause() < math.inf
    turns.turn(0.01, 0, ScanResult(running=[120]))
    assert turns.notify_policy.pause() == math.inf


def test_it_keeps_looking_until_it_knows_who_took_it_for_awake(turns: Turns) -> None:
    for _ in range(100):
        turns.turn(0.002, 5)
    while turns.turn(LAST_PAUSE, 0) is not False:
        pass
    assert (turns.notify_policy.wants_fence, turns.notify_policy.pause() < 0.1) == (True, True)
    turns.turn(0.001, 0)
    assert (turns.notify_policy.wants_fence, turns.notify_policy.pause()) == (False, math.inf)
