"""Writers notify while it sleeps; under load it is awake, and falling asleep overlooks nobody."""

import math

import pytest

from connector_task.relay.notify_policy import LAST_PAUSE, Alertness
from connector_task.relay.ports import Batch, BatchId, Claim, Message, Sighting

ENDED = Sighting()
RUNNING = Sighting(running=[90, 95])


def claim(messages: int, sighting: Sighting = ENDED) -> Claim:
    message = Message(outbox_id=1, name=None, data="x", size_bytes=1)
    batch = Batch(id=BatchId("x"), channel="a", attempts=0, messages=(message,) * messages)
    return Claim(batches=[batch] if messages else [], sighting=sighting)


class Turns:
    """Claims, one after another."""

    def __init__(self) -> None:
        self.alertness = Alertness()
        self.now = 1000.0

    def turn(self, seconds: float, messages: int, sighting: Sighting = ENDED) -> bool | None:
        """Some time later; returns what was announced."""
        self.now += seconds
        announced = self.alertness.announcement(self.now)
        self.alertness.claimed(
            claim(messages, sighting),
            announced=announced,
            is_fenced=self.alertness.wants_fence,
            now=self.now,
        )
        return announced


@pytest.fixture
def turns() -> Turns:
    turns = Turns()
    assert turns.turn(0, 0) is False  # a new leader says what an old one may have left otherwise
    assert turns.turn(0, 0) is None  # and has asked who may have been told that
    return turns


def test_at_a_low_rate_it_sleeps_and_announces_nothing(turns: Turns) -> None:
    assert [turns.turn(0.005, 1) for _ in range(200)] == [None] * 200
    assert turns.alertness.pause() == math.inf


def test_under_load_it_is_awake_and_looks_often(turns: Turns) -> None:
    announced = [turns.turn(0.002, 5) for _ in range(100)]
    assert announced.count(True) == 1
    assert announced.count(False) == 0
    for _ in range(5):
        turns.turn(0.001, 0)
        assert turns.alertness.pause() <= LAST_PAUSE


def test_when_the_load_is_over_it_falls_asleep(turns: Turns) -> None:
    for _ in range(100):
        turns.turn(0.002, 5)
    announced = [turns.turn(LAST_PAUSE, 0) for _ in range(50)]
    assert [one for one in announced if one is not None] == [False]
    assert turns.alertness.pause() == math.inf


def test_it_keeps_looking_until_whoever_took_it_for_awake_has_ended(turns: Turns) -> None:
    for _ in range(100):
        turns.turn(0.002, 5)
    while turns.turn(LAST_PAUSE, 0, RUNNING) is not False:
        pass
    pauses = []
    for _ in range(5):
        turns.turn(0.01, 0, RUNNING)
        pauses.append(turns.alertness.pause())
    assert pauses == sorted(pauses)
    assert pauses[-1] < 0.1
    turns.turn(0.01, 0, Sighting(running=[95, 120]))
    assert turns.alertness.pause() < math.inf
    turns.turn(0.01, 0, Sighting(running=[120]))
    assert turns.alertness.pause() == math.inf


def test_it_keeps_looking_until_it_knows_who_took_it_for_awake(turns: Turns) -> None:
    for _ in range(100):
        turns.turn(0.002, 5)
    while turns.turn(LAST_PAUSE, 0) is not False:
        pass
    assert (turns.alertness.wants_fence, turns.alertness.pause() < 0.1) == (True, True)
    turns.turn(0.001, 0)
    assert (turns.alertness.wants_fence, turns.alertness.pause()) == (False, math.inf)
