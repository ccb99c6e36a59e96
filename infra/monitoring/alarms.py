"""Every alarm: what it measures, from which value on, and the sentence that wakes somebody up.

docs/operations.md has an entry of the same name for each: what it means and what to do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.monitoring.sources import MINUTE, PERIOD, MonitoredResources

_GIB = 1024**3
_CONNECTOR_LINES = 5  # in five minutes, one a minute from each task
_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """One alarm.

    Attributes:
        name: also the heading of its entry in docs/operations.md.
        periods: how many of the metric's periods in a row must breach.
        missing_breaches: whether silence is as bad as a bad value.
    """

    name: str
    sentence: str
    metric: cloudwatch.IMetric
    threshold: float
    comparison: cloudwatch.ComparisonOperator = _ABOVE
    periods: int = 1
    missing_breaches: bool = False


def alarm_specs(monitored: MonitoredResources) -> Iterator[AlarmSpec]:
    """The alarms of a stage, along a message's path."""
    yield from _ingest(monitored)
    yield from _queues(monitored)
    yield from _database(monitored)
    if monitored.config.connector_desired_count:
        yield from _connector(monitored)
    yield from _api(monitored)


def _ingest(monitored: MonitoredResources) -> Iterator[AlarmSpec]:
    config = monitored.config
    yield AlarmSpec(
        name="ingest-errors",
        sentence="Ingest fails: messages wait to be tried again, and are set aside in the end.",
        metric=monitored.ingest.metric_errors(period=PERIOD),
        threshold=config.alarm_ingest_errors,
    )
    seconds = config.alarm_event_age_seconds
    yield AlarmSpec(
        name="ingest-behind",
        sentence=f"A message has waited for more than {seconds} s to be written.",
        metric=monitored.event_age(),
        threshold=seconds if monitored.queues.messages else seconds * 1000,
        periods=3,
    )


def _queues(monitored: MonitoredResources) -> Iterator[AlarmSpec]:
    yield AlarmSpec(
        name="ingest-dead-letters",
        sentence="Messages whose every attempt failed lie in the dead letters, not in Postgres.",
        metric=monitored.queues.dead_letters.metric_approximate_number_of_messages_visible(
            statistic=cloudwatch.Stats.MAXIMUM, period=MINUTE
        ),
        threshold=0,
    )
    yield AlarmSpec(
        name="ingest-dead-letters-lost",
        sentence="Lambda could not even set failed events aside: they are lost.",
        metric=monitored.ingest.metric("DeadLetterErrors", statistic="Sum", period=PERIOD),
        threshold=0,
    )
    yield AlarmSpec(
        name="ingest-rejects",
        sentence="Many messages can never be written: a client or the rule sends what ingest "
        "does not know.",
        metric=monitored.counted("ingest", "MessagesRejected", period=PERIOD),
        threshold=monitored.config.alarm_rejects,
    )


def _database(monitored: MonitoredResources) -> Iterator[AlarmSpec]:
    config, database = monitored.config, monitored.database
    yield AlarmSpec(
        name="database-cpu",
        sentence="Postgres has been short of CPU for a quarter of an hour.",
        metric=database.metric_cpu_utilization(period=PERIOD),
        threshold=config.alarm_database_cpu_percent,
        periods=3,
    )
    yield AlarmSpec(
        name="database-storage",
        sentence="Postgres runs out of disk: when it is full, nothing is written any more.",
        metric=database.metric_free_storage_space(
            statistic=cloudwatch.Stats.MINIMUM, period=PERIOD
        ),
        threshold=config.alarm_database_free_gib * _GIB,
        comparison=_BELOW,
    )
    yield AlarmSpec(
        name="database-connections",
        sentence="Postgres runs out of connections: functions will be refused theirs.",
        metric=database.metric_database_connections(
            statistic=cloudwatch.Stats.MAXIMUM, period=MINUTE
        ),
        threshold=config.alarm_database_connections,
        periods=3,
    )


def _connector(monitored: MonitoredResources) -> Iterator[AlarmSpec]:
    config = monitored.config
    yield AlarmSpec(
        name="outbox-behind",
        sentence=f"A committed change has waited for more than {config.alarm_outbox_age_seconds} s "
        "to be published.",
        metric=monitored.counted(
            "connector", "OldestMessageAge", statistic=cloudwatch.Stats.MAXIMUM
        ),
        threshold=config.alarm_outbox_age_seconds * 1000,
        periods=3,
    )
    yield AlarmSpec(
        name="publish-slow",
        sentence=f"One change in a hundred takes more than {config.alarm_publish_lag_ms} ms from "
        "its capture to Ably.",
        metric=monitored.counted("connector", "PublishLag", statistic="p99", period=PERIOD),
        threshold=config.alarm_publish_lag_ms,
        periods=3,
    )
    yield AlarmSpec(
        name="connector-silent",
        sentence="No connector leads: changes are kept, and nothing is published.",
        metric=monitored.counted("connector", "IsLeader", statistic=cloudwatch.Stats.MAXIMUM),
        threshold=1,
        comparison=_BELOW,
        periods=3,
        missing_breaches=True,
    )
    yield AlarmSpec(
        name="connector-dead-letters",
        sentence="Ably has refused changes for good: they lie in ably.dead_letter.",
        metric=monitored.counted("connector", "MessagesDeadLettered", period=PERIOD),
        threshold=0,
    )
    yield AlarmSpec(
        name="publish-failures",
        sentence="Ably keeps refusing batches, or does not answer.",
        metric=monitored.counted("connector", "PublishFailures", period=PERIOD),
        threshold=config.alarm_publish_failures,
        periods=2,
    )
    if config.connector_desired_count > 1:
        yield AlarmSpec(
            name="connector-standby-missing",
            sentence="Fewer connectors run than configured: the next failure stops publishing.",
            metric=monitored.counted(
                "connector", "IsLeader", statistic=cloudwatch.Stats.SAMPLE_COUNT, period=PERIOD
            ),
            # One line may fall into the period before.
            threshold=config.connector_desired_count * (_CONNECTOR_LINES - 1),
            comparison=_BELOW,
            periods=3,
            missing_breaches=True,
        )


def _api(monitored: MonitoredResources) -> Iterator[AlarmSpec]:
    yield AlarmSpec(
        name="api-errors",
        sentence="The API fails: browsers get no token, or no history.",
        metric=monitored.http_api.api.metric_server_error(
            period=PERIOD, statistic=cloudwatch.Stats.SUM
        ),
        threshold=monitored.config.alarm_api_errors,
        periods=2,
    )
