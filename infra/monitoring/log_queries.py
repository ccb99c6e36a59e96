"""Logs Insights queries, saved in the account under the stage's name."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.monitoring.sources import MonitoredResources

_NEWEST = ("sort @timestamp desc", "limit 200")


@dataclass(frozen=True, kw_only=True)
class _Query:
    name: str
    groups: Sequence[logs.ILogGroup]
    steps: Sequence[str]


class LogQueries(Construct):
    """The questions that docs/operations.md answers an alarm with."""

    def __init__(
        self, scope: Construct, construct_id: str, *, monitored: MonitoredResources
    ) -> None:
        super().__init__(scope, construct_id)
        for query in _queries(monitored):
            logs.CfnQueryDefinition(
                self,
                query.name.title().replace("-", ""),
                name=f"ably-postgres/{monitored.config.stage}/{query.name}",
                query_string="\n| ".join(query.steps),
                log_group_names=[group.log_group_name for group in query.groups],
            )


def _queries(monitored: MonitoredResources) -> list[_Query]:
    api = monitored.http_api
    ingest = monitored.ingest.log_group
    functions = [ingest, api.auth.log_group, api.history.log_group]
    return [
        _Query(
            name="errors",
            groups=[*functions, monitored.connector_logs],
            steps=[
                "fields @timestamp, service, message, error_code, @log",
                'filter level in ["ERROR", "CRITICAL"] or @message like /Task timed out/',
                *_NEWEST,
            ],
        ),
        _Query(
            name="rejects-by-reason",
            groups=[ingest],
            steps=[
                'filter action = "reject"',
                "stats sum(count) as messages by reason, bin(5m)",
            ],
        ),
        _Query(
            name="refused-edits",
            groups=[ingest],
            steps=[
                "fields @timestamp, message_id, target_id",
                'filter action = "refuse"',
                *_NEWEST,
            ],
        ),
        _Query(
            name="cold-starts",
            groups=functions,
            steps=[
                'filter @type = "REPORT" and ispresent(@initDuration)',
                "stats count() as starts, max(@initDuration) as slowest_ms by @log",
            ],
        ),
        _Query(
            name="connector-failures",
            groups=[monitored.connector_logs],
            steps=[
                "fields @timestamp, message, error_code, channel",
                'filter level in ["WARNING", "ERROR"]',
                *_NEWEST,
            ],
        ),
        _Query(
            name="api-failures",
            groups=[api.access_logs],
            steps=[
                "fields @timestamp, route, status, duration_ms, integration_error, request_id",
                "filter status >= 400",
                *_NEWEST,
            ],
        ),
    ]
