"""What is watched: the parts of a stage whose metrics the alarms and the dashboard are made of."""

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds

from infra.api.http_api import HttpApi
from infra.functions.python_function import METRICS_NAMESPACE
from infra.ingest.queues import IngestQueues
from infra.settings.stage import StageConfig

PERIOD = cdk.Duration.minutes(5)
MINUTE = cdk.Duration.minutes(1)


@dataclass(frozen=True, kw_only=True)
class MonitoredResources:
    """The parts of one stage.

    Attributes:
        ingest: the function.
        distribution_id: of the page's CloudFront; None where there is no page.
    """

    config: StageConfig
    ingest: lambda_.Function
    http_api: HttpApi
    queues: IngestQueues
    database: rds.DatabaseInstance
    connector_logs: logs.ILogGroup
    distribution_id: str | None

    def counted(
        self,
        service: str,
        name: str,
        *,
        statistic: str = cloudwatch.Stats.SUM,
        period: cdk.Duration = MINUTE,
        label: str | None = None,
    ) -> cloudwatch.Metric:
        """A metric that our own code writes as a log line."""
        return cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name=name,
            dimensions_map={"service": service, "stage": self.config.stage},
            statistic=statistic,
            period=period,
            label=label,
        )

    def event_age(self) -> cloudwatch.Metric:
        """How long the oldest event has waited for ingest, in Lambda's queue or in ours."""
        if self.queues.messages:
            return self.queues.messages.metric_approximate_age_of_oldest_message(
                statistic=cloudwatch.Stats.MAXIMUM, period=MINUTE
            )
        return self.ingest.metric(
            "AsyncEventAge",
            statistic=cloudwatch.Stats.MAXIMUM,
            period=MINUTE,
        )

    def page_metric(self, name: str, *, statistic: str) -> cloudwatch.Metric:
        """A metric of CloudFront, which keeps all of them in us-east-1."""
        return cloudwatch.Metric(
            namespace="AWS/CloudFront",
            metric_name=name,
            dimensions_map={"DistributionId": self.distribution_id or "", "Region": "Global"},
            region="us-east-1",
            statistic=statistic,
            period=PERIOD,
        )
