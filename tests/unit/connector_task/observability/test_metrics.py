"""Metric lines in CloudWatch's embedded metric format."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from connector_task.errors import PublishError
from connector_task.observability.metrics import MAX_VALUES, UNITS, EmfMetrics
from connector_task.relay.ports import Backlog, Batch, BatchId, Message


class Lines:
    def __init__(self) -> None:
        self.written: list[str] = []
        self.metrics = EmfMetrics(
            namespace="Test",
            dimensions={"stage": "dev", "service": "connector"},
            write=self.written.append,
            wall_clock=lambda: 1700000000.5,
        )

    @property
    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.written[-1])
        return line


@pytest.fixture
def lines() -> Lines:
    return Lines()


def batch(*waited_seconds: float, truncated: Sequence[int] = ()) -> Batch:
    """A batch of messages that had waited so long when they were claimed."""
    messages = tuple(
        Message(
            outbox_id=place,
            name=None,
            data="",
            size_bytes=0,
            truncated=place in truncated,
            waited_seconds=waited,
        )
        for place, waited in enumerate(waited_seconds)
    )
    return Batch(id=BatchId("b"), channel="a", attempts=0, messages=messages)


def test_a_line_holds_what_was_counted_with_its_units_and_dimensions(lines: Lines) -> None:
    lines.metrics.published(
        batch(1.0, 0.5, 0.25, truncated=[1]), request_seconds=0.0125, held_seconds=0.02
    )
    lines.metrics.published(batch(4.0, 2.0), request_seconds=0.5, held_seconds=0.6)
    lines.metrics.failed(PublishError(42913, 429, "rate"))
    lines.metrics.dead_lettered(4)
    lines.metrics.throttled(0.25)
    lines.metrics.throttled(0.5)
    lines.metrics.degraded(2)
    lines.metrics.flush(shards_led=1, backlog=Backlog(7, 1.25))
    line = lines.last
    assert line["_aws"]["Timestamp"] == 1700000000500
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Test"
    assert directive["Dimensions"] == [["stage", "service"]]
    assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]} == UNITS
    assert {name: line[name] for name in (*UNITS, "stage", "service")} == {
        "MessagesPublished": 5,
        "MessagesTruncated": 1,
        "MessagesDegraded": 2,
        "MessagesDeadLettered": 4,
        "PublishFailures": 1,
        "PublishDuration": [12.5, 500.0],
        "PublishLag": [270.0, 520.0, 1020.0, 2600.0, 4600.0],
        "AccountPaceWait": 750,
        "OutboxBacklog": 7,
        "OldestMessageAge": 1250,
        "IsLeader": 1,
        "ShardsLed": 1,
        "stage": "dev",
        "service": "connector",
    }


def test_every_line_begins_anew(lines: Lines) -> None:
    lines.metrics.published(batch(1.0), request_seconds=0.1, held_seconds=0.1)
    lines.metrics.flush(shards_led=1, backlog=None)
    lines.metrics.flush(shards_led=0, backlog=None)
    assert (lines.last["MessagesPublished"], lines.last["IsLeader"]) == (0, 0)
    assert {"PublishDuration", "PublishLag"}.isdisjoint(lines.last)


def test_a_standby_says_nothing_about_the_backlog(lines: Lines) -> None:
    lines.metrics.flush(shards_led=0, backlog=None)
    (directive,) = lines.last["_aws"]["CloudWatchMetrics"]
    named = {metric["Name"] for metric in directive["Metrics"]}
    assert named.isdisjoint({"OutboxBacklog", "OldestMessageAge"})


def test_of_more_durations_than_a_line_can_hold_the_shown_stand_for_all(lines: Lines) -> None:
    for number in range(10 * MAX_VALUES):
        lines.metrics.published(batch(), request_seconds=(number + 1) / 1000, held_seconds=0)
    lines.metrics.flush(shards_led=1, backlog=None)
    durations = lines.last["PublishDuration"]
    assert len(durations) == MAX_VALUES
    assert (durations[0], durations[-1]) == (1, 10 * MAX_VALUES)
    assert durations[MAX_VALUES // 2] == pytest.approx(5 * MAX_VALUES, rel=0.02)


def test_a_lag_counts_as_often_as_there_are_messages_and_not_batches(lines: Lines) -> None:
    for _ in range(90):
        lines.metrics.published(batch(0.0), request_seconds=0.01, held_seconds=0.01)
    lines.metrics.published(batch(*[9.99] * 910), request_seconds=0.01, held_seconds=0.01)
    lines.metrics.flush(shards_led=1, backlog=None)
    lags = lines.last["PublishLag"]
    assert len(lags) == MAX_VALUES
    assert lags.count(10.0) == pytest.approx(9, abs=1)
    assert lags.count(10_000.0) == pytest.approx(91, abs=1)


@pytest.mark.parametrize("size", [1, 2, 9, 10, 11, 19, 1000])
def test_the_lags_of_a_batch_are_spread_from_its_oldest_message_to_its_newest(
    lines: Lines, size: int
) -> None:
    waited = [(size - place) / 10 for place in range(size)]
    lines.metrics.published(batch(*waited), request_seconds=0, held_seconds=0)
    lines.metrics.flush(shards_led=1, backlog=None)
    lags = lines.last["PublishLag"]
    assert len(lags) == min(size, MAX_VALUES)
    assert (lags[0], lags[-1]) == (100.0, size * 100.0)
    assert sum(lags) / len(lags) == pytest.approx(sum(waited) * 1000 / size, rel=0.06)
