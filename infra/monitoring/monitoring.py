"""Alarms, their topic, the dashboard and the saved queries of a stage."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from infra.monitoring.alarm_topic import AlarmTopic
from infra.monitoring.alarms import AlarmSpec, alarm_specs
from infra.monitoring.dashboard import Dashboard
from infra.monitoring.log_queries import LogQueries
from infra.monitoring.sources import MonitoredResources

_MANUAL = "docs/operations.md"


class Monitoring(Construct):
    """What tells that something is wrong, and where to look.

    Attributes:
        topic: where alarms go.
        dashboard: where to look first.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, monitored: MonitoredResources
    ) -> None:
        super().__init__(scope, construct_id)
        config = monitored.config
        self.topic = AlarmTopic(self, "Alarms", config=config).topic
        alarms = [self._alarm(config.stage, spec) for spec in alarm_specs(monitored)]
        self.dashboard = Dashboard(self, "Board", monitored=monitored, alarms=alarms).dashboard
        LogQueries(self, "Queries", monitored=monitored)

    def _alarm(self, stage: str, spec: AlarmSpec) -> cloudwatch.Alarm:
        silence = cloudwatch.TreatMissingData
        alarm = cloudwatch.Alarm(
            self,
            spec.name,
            alarm_name=f"ably-postgres-{stage}-{spec.name}",
            alarm_description=f"{spec.sentence} What to do: {_MANUAL}#{spec.name}",
            metric=spec.metric,
            threshold=spec.threshold,
            comparison_operator=spec.comparison,
            evaluation_periods=spec.periods,
            treat_missing_data=(
                silence.BREACHING if spec.missing_breaches else silence.NOT_BREACHING
            ),
        )
        action = actions.SnsAction(self.topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)
        return alarm
