"""A CloudWatch log group with the stage's retention."""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings.stage import StageConfig

_RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    120: logs.RetentionDays.FOUR_MONTHS,
    150: logs.RetentionDays.FIVE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    545: logs.RetentionDays.EIGHTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}


def retention(config: StageConfig) -> logs.RetentionDays:
    """The stage's retention as the CDK names it."""
    return _RETENTION[config.log_retention_days]


def log_group(scope: Construct, construct_id: str, *, config: StageConfig) -> logs.LogGroup:
    """A log group that a removed stack leaves behind only where data is protected."""
    return logs.LogGroup(
        scope,
        construct_id,
        retention=retention(config),
        removal_policy=removal_policy(config),
    )


def removal_policy(config: StageConfig) -> cdk.RemovalPolicy:
    """What becomes of things that hold data when their stack is removed."""
    return cdk.RemovalPolicy.RETAIN if config.protect_data else cdk.RemovalPolicy.DESTROY
