"""The dashboard: a message's path from left to right, one row for each part of it."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.monitoring.sources import MINUTE, PERIOD, MonitoredResources

_WIDTH = 6  # a quarter of the dashboard
_HEIGHT = 6


class Dashboard(Construct):
    """What an on-call person looks at first: alarms, then where a message gets stuck.

    Attributes:
        dashboard: the dashboard.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        monitored: MonitoredResources,
        alarms: Sequence[cloudwatch.Alarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self.dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=f"ably-postgres-{monitored.config.stage}",
            period_override=cloudwatch.PeriodOverride.INHERIT,
        )
        status = cloudwatch.AlarmStatusWidget(title="Alarms", alarms=[*alarms], width=24, height=3)
        self.dashboard.add_widgets(status)
        self._row("In: Ably's rule to ingest", _ingest(monitored))
        self._row("Postgres", _database(monitored))
        self._row("Out: outbox to Ably", _connector(monitored))
        self._row("Page and API", _api(monitored))

    def _row(self, title: str, graphs: Sequence[cloudwatch.GraphWidget]) -> None:
        self.dashboard.add_widgets(
            cloudwatch.TextWidget(markdown=f"## {title}", width=24, height=1)
        )
        self.dashboard.add_widgets(*graphs)


def _graph(
    title: str,
    left: Sequence[cloudwatch.IMetric],
    right: Sequence[cloudwatch.IMetric] = (),
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=[*left],
        right=[*right],
        width=_WIDTH,
        height=_HEIGHT,
        left_y_axis=cloudwatch.YAxisProps(min=0),
        right_y_axis=cloudwatch.YAxisProps(min=0),
    )


def _ingest(monitored: MonitoredResources) -> list[cloudwatch.GraphWidget]:
    function = monitored.ingest
    dead = monitored.queues.dead_letters.metric_approximate_number_of_messages_visible(
        statistic=cloudwatch.Stats.MAXIMUM, period=MINUTE, label="dead letters"
    )
    rejects = monitored.queues.rejects.metric_approximate_number_of_messages_visible(
        statistic=cloudwatch.Stats.MAXIMUM, period=MINUTE, label="rejects"
    )
    return [
        _graph(
            "Invocations by the rule",
            [
                function.metric_invocations(period=MINUTE, label="invocations"),
                function.metric_errors(period=MINUTE, label="errors"),
                function.metric_throttles(period=MINUTE, label="throttled"),
            ],
            [monitored.event_age()],
        ),
        _graph(
            "Ingest duration, ms",
            [
                function.metric_duration(statistic="p50", period=MINUTE, label="p50"),
                function.metric_duration(statistic="p99", period=MINUTE, label="p99"),
            ],
            [function.metric("ConcurrentExecutions", statistic="Maximum", label="at once")],
        ),
        _graph(
            "Messages written and not written",
            [
                monitored.counted("ingest", name)
                for name in (
                    "MessagesIngested",
                    "MessagesRepeated",
                    "MessagesRejected",
                    "EditsBeforeMessage",
                )
            ],
        ),
        _graph("Waiting for a person", [dead, rejects]),
    ]


def _database(monitored: MonitoredResources) -> list[cloudwatch.GraphWidget]:
    database = monitored.database
    return [
        _graph("CPU, percent", [database.metric_cpu_utilization(period=MINUTE)]),
        _graph(
            "Connections",
            [
                database.metric_database_connections(
                    statistic=cloudwatch.Stats.MAXIMUM, period=MINUTE
                )
            ],
        ),
        _graph(
            "Free storage and memory, bytes",
            [database.metric_free_storage_space(period=PERIOD)],
            [database.metric_freeable_memory(period=PERIOD)],
        ),
        _graph(
            "Latency of the disk, s",
            [database.metric(name, period=MINUTE) for name in ("ReadLatency", "WriteLatency")],
        ),
    ]


def _connector(monitored: MonitoredResources) -> list[cloudwatch.GraphWidget]:
    def highest(name: str) -> cloudwatch.Metric:
        return monitored.counted("connector", name, statistic=cloudwatch.Stats.MAXIMUM)

    return [
        _graph(
            "From capture to Ably, ms, and what waits",
            [
                monitored.counted("connector", "PublishLag", statistic="p50", label="lag, p50"),
                monitored.counted("connector", "PublishLag", statistic="p99", label="lag, p99"),
                highest("OldestMessageAge"),
            ],
            [highest("OutboxBacklog")],
        ),
        _graph(
            "Published",
            [monitored.counted("connector", "MessagesPublished")],
            [
                monitored.counted("connector", "PublishDuration", statistic="p50", label="p50, ms"),
                monitored.counted("connector", "PublishDuration", statistic="p99", label="p99, ms"),
            ],
        ),
        _graph(
            "Not as it should be",
            [
                monitored.counted("connector", name)
                for name in ("PublishFailures", "MessagesDeadLettered", "MessagesTruncated")
            ],
        ),
        _graph(
            "Leaders and tasks",
            [
                monitored.counted("connector", "IsLeader", label="leaders"),
                monitored.counted("connector", "IsLeader", statistic="SampleCount", label="tasks"),
            ],
        ),
    ]


def _api(monitored: MonitoredResources) -> list[cloudwatch.GraphWidget]:
    api = monitored.http_api.api
    graphs = [
        _graph(
            "Requests",
            [api.metric_count(period=MINUTE, statistic="Sum", label="requests")],
            [
                monitored.counted("auth", "TokenRequestsIssued"),
                monitored.counted("history", "HistoryPagesServed"),
            ],
        ),
        _graph(
            "Errors of the API",
            [
                api.metric_client_error(period=MINUTE, statistic="Sum", label="4xx"),
                api.metric_server_error(period=MINUTE, statistic="Sum", label="5xx"),
            ],
        ),
        _graph(
            "Latency of the API, ms",
            [
                api.metric_latency(period=MINUTE, statistic="p50", label="p50"),
                api.metric_latency(period=MINUTE, statistic="p99", label="p99"),
            ],
        ),
    ]
    if monitored.distribution_id:
        graphs.append(
            _graph(
                "Page: requests, and errors in percent",
                [monitored.page_metric("Requests", statistic="Sum")],
                [
                    monitored.page_metric("4xxErrorRate", statistic="Average"),
                    monitored.page_metric("5xxErrorRate", statistic="Average"),
                ],
            )
        )
    return graphs
