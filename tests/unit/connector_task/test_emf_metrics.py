"""Metric lines in CloudWatch's embedded metric format."""

import json
from typing import Any

import pytest

from connector_task.emf_metrics import MAX_VALUES, UNITS, EmfMetrics
from connector_task.errors import PublishError
from connector_task.ports import Backlog


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


def test_a_line_holds_what_was_counted_with_its_units_and_dimensions(lines: Lines) -> None:
    lines.metrics.published(3, 0.0125, truncated=1)
    lines.metrics.published(2, 0.5, truncated=0)
    lines.metrics.failed(PublishError(42913, 429, "rate"))
    lines.metrics.dead_lettered(4)
    lines.metrics.gathered(0.25)
    lines.metrics.gathered(0.5)
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
        "AccountPaceWait": 750,
        "OutboxBacklog": 7,
        "OldestMessageAge": 1250,
        "IsLeader": 1,
        "ShardsLed": 1,
        "stage": "dev",
        "service": "connector",
    }


def test_every_line_begins_anew(lines: Lines) -> None:
    lines.metrics.published(3, 0.1, truncated=0)
    lines.metrics.flush(shards_led=1, backlog=None)
    lines.metrics.flush(shards_led=0, backlog=None)
    assert (lines.last["MessagesPublished"], lines.last["IsLeader"]) == (0, 0)
    assert "PublishDuration" not in lines.last


def test_a_standby_says_nothing_about_the_backlog(lines: Lines) -> None:
    lines.metrics.flush(shards_led=0, backlog=None)
    (directive,) = lines.last["_aws"]["CloudWatchMetrics"]
    named = {metric["Name"] for metric in directive["Metrics"]}
    assert named.isdisjoint({"OutboxBacklog", "OldestMessageAge"})


def test_more_durations_than_a_line_can_hold_are_sampled_from_all_of_them(lines: Lines) -> None:
    for number in range(10 * MAX_VALUES):
        lines.metrics.published(1, number / 1000, truncated=0)
    lines.metrics.flush(shards_led=1, backlog=None)
    durations = lines.last["PublishDuration"]
    assert len(durations) == MAX_VALUES
    assert len(set(durations)) == MAX_VALUES
    assert max(durations) >= MAX_VALUES
