"""The dashboard: a message's path from left to right, one row for each part of it."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.monitoring.sources import MINUTE, PERIOD, Watched

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
        watched: Watched,
        alarms: Sequence[cloudwatch.Alarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self.dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=f"ably-postgres-{watched.config.stage}",
            period_override=cloudwatch.PeriodOverride.INHERIT,
        )
        status = cloudwatch.AlarmStatusWidget(title="Alarms", alarms=[*alarms], width=24, height=3)
        self.dashboard.add_widgets(status)
        self._row("In: Ably's rule to ingest", _ingest(watched))
        self._row("Postgres", _database(watched))
        self._row("Out: outbox to Ably", _connector(watched))
        self._row("Page and API", _api(watched))

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


def _ingest(watched: Watched) -> list[cloudwatch.GraphWidget]:
    function = watched.ingest
    dead = watched.queues.dead_letters.metric_approximate_number_of_messages_visible(
        statistic=cloudwatch.Stats.MAXIMUM, period=MINUTE, label="dead letters"
    )
    rejects = watched.queues.rejects.metric_approximate_number_of_messages_visible(
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
            [watched.event_age()],
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
                watched.counted("ingest", name)
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


def _database(watched: Watched) -> list[cloudwatch.GraphWidget]:
    database = watched.database
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


def _connector(watched: Watched) -> list[cloudwatch.GraphWidget]:
    def highest(name: str) -> cloudwatch.Metric:
        return watched.counted("connector", name, statistic=cloudwatch.Stats.MAXIMUM)

    return [
        _graph(
            "From capture to Ably, ms, and what waits",
            [
                watched.counted("connector", "PublishLag", statistic="p50", label="lag, p50"),
                watched.counted("connector", "PublishLag", statistic="p99", label="lag, p99"),
                highest("OldestMessageAge"),
            ],
            [highest("OutboxBacklog")],
        ),
        _graph(
            "Published",
            [watched.counted("connector", "MessagesPublished")],
            [
                watched.counted("connector", "PublishDuration", statistic="p50", label="p50, ms"),
                watched.counted("connector", "PublishDuration", statistic="p99", label="p99, ms"),
            ],
        ),
        _graph(
            "Not as it should be",
            [
                watched.counted("connector", name)
                for name in ("PublishFailures", "MessagesDeadLettered", "MessagesTruncated")
            ],
        ),
        _graph(
            "Leaders and tasks",
            [
                watched.counted("connector", "IsLeader", label="leaders"),
                watched.counted("connector", "IsLeader", statistic="SampleCount", label="tasks"),
            ],
        ),
    ]


def _api(watched: Watched) -> list[cloudwatch.GraphWidget]:
    api = watched.http_api.api
    graphs = [
        _graph(
            "Requests",
            [api.metric_count(period=MINUTE, statistic="Sum", label="requests")],
            [
                watched.counted("auth", "TokenRequestsIssued"),
                watched.counted("history", "HistoryPagesServed"),
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
    if watched.distribution_id:
        graphs.append(
            _graph(
                "Page: requests, and errors in percent",
                [watched.page_metric("Requests", statistic="Sum")],
                [
                    watched.page_metric("4xxErrorRate", statistic="Average"),
                    watched.page_metric("5xxErrorRate", statistic="Average"),
                ],
            )
        )
    return graphs
