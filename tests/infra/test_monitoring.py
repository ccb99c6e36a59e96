"""Alarms that reach somebody and have their entry in the manual, and metrics that exist."""

import json
import re
from typing import Any

from tests.infra.synthesis import ROOT, Resource, Stage

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def _alarms(stage: Stage) -> dict[str, Resource]:
    """Each alarm's properties by its name, without the stage's prefix."""
    return {
        re.sub(r"^ably-postgres-(dev|prod)-", "", made["Properties"]["AlarmName"]): dict(
            made["Properties"]
        )
        for made in stage.service.of_type("AWS::CloudWatch::Alarm").values()
    }


def _measured(alarm: Resource) -> tuple[str, str]:
    """The metric's name and statistic."""
    return alarm["MetricName"], alarm["Statistic"]


def _own_metrics(node: Any) -> set[tuple[str, str]]:
    """Service and name of every metric of ours in a template or dashboard, in either's form."""
    found: set[tuple[str, str]] = set()
    if isinstance(node, dict):
        if node.get("Namespace") == "AblyPostgres":
            dimensions = {dimension["Name"]: dimension["Value"] for dimension in node["Dimensions"]}
            found.add((dimensions["service"], node["MetricName"]))
        for value in node.values():
            found |= _own_metrics(value)
    if isinstance(node, list):
        if node and node[0] == "AblyPostgres":
            names = dict(zip(node[2:6:2], node[3:6:2], strict=True))
            found.add((names["service"], node[1]))
        for value in node:
            found |= _own_metrics(value)
    return found


def _shown(graphs: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """How graphs show a metric of ours: its label, statistic and period, in their order."""
    lines = [line for graph in graphs for line in graph["properties"]["metrics"]]
    return [line[-1] for line in lines if line[1] == name]


def _dashboard(stage: Stage) -> dict[str, Any]:
    body = stage.service.properties("AWS::CloudWatch::Dashboard")["DashboardBody"]
    parts = body["Fn::Join"][1] if isinstance(body, dict) else [body]
    text = "".join(part if isinstance(part, str) else "known-at-deploy" for part in parts)
    return dict(json.loads(text))


def test_every_alarm_has_its_entry_in_the_manual_and_every_entry_its_alarm(
    dev: Stage, prod: Stage
) -> None:
    section = OPERATIONS.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    entries = dict(re.findall(r"^### ([a-z-]+)\n\n((?:(?!^###).*\n)+)", section, re.MULTILINE))
    assert set(entries) == set(_alarms(dev)) | set(_alarms(prod))
    assert all(len(text) > 150 for text in entries.values())


def test_an_alarm_says_what_is_wrong_and_where_to_read_on(prod: Stage) -> None:
    for name, alarm in _alarms(prod).items():
        sentence, _, link = alarm["AlarmDescription"].partition(" What to do: ")
        assert re.fullmatch(r"[A-Z][^.]{30,}(\.[a-z_]+[^.]*)?\.", sentence)
        assert link == f"docs/operations.md#{name}"


def test_every_alarm_and_its_end_go_to_the_one_encrypted_topic(dev: Stage) -> None:
    (topic,) = dev.service.of_type("AWS::SNS::Topic")
    for alarm in _alarms(dev).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
    key = dev.service.properties("AWS::KMS::Key")
    assert key["EnableKeyRotation"] is True
    (alarms,) = [
        statement
        for statement in key["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]
    assert set(alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert "KmsMasterKeyId" in dev.service.properties("AWS::SNS::Topic")


def test_who_is_named_gets_mail(dev: Stage, prod: Stage) -> None:
    subscription = prod.service.properties("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")
    assert not dev.service.of_type("AWS::SNS::Subscription")


def test_thresholds_are_those_configured_in_the_metrics_own_units(
    dev: Stage, prod: Stage, queued: Stage
) -> None:
    assert _alarms(dev)["outbox-behind"]["Threshold"] == 60_000
    assert _alarms(prod)["outbox-behind"]["Threshold"] == 30_000
    slow = _alarms(prod)["publish-slow"]
    assert (slow["MetricName"], slow["ExtendedStatistic"]) == ("PublishLag", "p99")
    assert slow["Threshold"] == 5_000
    assert _alarms(dev)["database-storage"]["Threshold"] == 4 * 1024**3
    direct, queue = _alarms(dev)["ingest-behind"], _alarms(queued)["ingest-behind"]
    assert _measured(direct) == ("AsyncEventAge", "Maximum")
    assert direct["Threshold"] == 300_000
    assert _measured(queue) == ("ApproximateAgeOfOldestMessage", "Maximum")
    assert queue["Threshold"] == 300


def test_silence_of_the_connector_is_an_alarm_and_of_others_is_not(prod: Stage) -> None:
    silent = {
        name for name, alarm in _alarms(prod).items() if alarm["TreatMissingData"] == "breaching"
    }
    assert silent == {"connector-silent", "connector-standby-missing"}


def test_a_standby_is_missed_only_where_there_should_be_one(dev: Stage, prod: Stage) -> None:
    assert "connector-standby-missing" not in _alarms(dev)
    missing = _alarms(prod)["connector-standby-missing"]
    assert _measured(missing) == ("IsLeader", "SampleCount")
    assert missing["Threshold"] == 8


def test_every_metric_that_is_watched_is_one_that_is_written(dev: Stage, prod: Stage) -> None:
    connector = (ROOT / "docs" / "metrics.md").read_text()
    functions = (ROOT / "docs" / "configuration.md").read_text()
    for stage in (dev, prod):
        monitored = _own_metrics(_dashboard(stage)) | _own_metrics(stage.service.content)
        assert len(monitored) > 10
        for service, name in monitored:
            assert service in {"ingest", "auth", "history", "connector"}
            assert f"`{name}`" in (connector if service == "connector" else functions), name


def test_the_dashboard_shows_the_way_of_a_message_row_by_row(dev: Stage, queued: Stage) -> None:
    widgets = _dashboard(dev)["widgets"]
    rows = [widget["properties"]["markdown"] for widget in widgets if widget["type"] == "text"]
    assert rows == [
        "## In: Ably's rule to ingest",
        "## Postgres",
        "## Out: outbox to Ably",
        "## Page and API",
    ]
    graphs = [widget for widget in widgets if widget["type"] == "metric"]
    assert len(graphs) == 16
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)
    assert len({(widget["x"], widget["y"]) for widget in widgets}) == len(widgets)
    assert [(shown["label"], shown["stat"]) for shown in _shown(graphs, "PublishLag")] == [
        ("lag, p50", "p50"),
        ("lag, p99", "p99"),
    ]
    (page,) = [graph for graph in graphs if graph["properties"]["title"].startswith("Page:")]
    assert "us-east-1" in str(page)
    assert not [widget for widget in _dashboard(queued)["widgets"] if "CloudFront" in str(widget)]


def test_the_queries_that_the_manual_names_are_saved_and_ask_our_log_groups(dev: Stage) -> None:
    queries = {
        made["Properties"]["Name"].removeprefix("ably-postgres/dev/"): made["Properties"]
        for made in dev.service.of_type("AWS::Logs::QueryDefinition").values()
    }
    named = set(re.findall(r"[Qq]uery `([a-z-]+)`", OPERATIONS))
    assert named <= set(queries)
    groups = set(dev.service.of_type("AWS::Logs::LogGroup"))
    for query in queries.values():
        assert {name["Ref"] for name in query["LogGroupNames"]} <= groups


def test_every_function_of_ours_is_traced(dev: Stage) -> None:
    for name in ("auth", "history", "ingest", "migrate"):
        assert dev.service.function(name)["TracingConfig"] == {"Mode": "Active"}
