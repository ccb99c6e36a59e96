"""Who sends what where in AWS: in which service's name, or by which role, and by which property.

A resource policy of one's own replaces the default one, so a service that it does not name is
refused, and nothing fails that a deploy or an emulator would show.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ACTIONS = {"AWS::SNS::Topic": "sns:Publish", "AWS::SQS::Queue": "sqs:SendMessage"}
POLICIES = {
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"),
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues"),
}
KEYS = {"AWS::SNS::Topic": "KmsMasterKeyId", "AWS::SQS::Queue": "KmsMasterKeyId"}


@dataclass(frozen=True)
class Sender:
    """How resources of a type send.

    Attributes:
        service: in whose name.
        properties: those that name where to.
    """

    service: str
    properties: tuple[str, ...]


_ALARM = ("AlarmActions", "OKActions", "InsufficientDataActions")
SENDERS: Mapping[str, Sender] = {
    "AWS::Backup::BackupVault": Sender("backup.amazonaws.com", ("Notifications",)),
    "AWS::Budgets::Budget": Sender("budgets.amazonaws.com", ("NotificationsWithSubscribers",)),
    "AWS::CE::AnomalySubscription": Sender("costalerts.amazonaws.com", ("Subscribers",)),
    "AWS::CloudWatch::Alarm": Sender("cloudwatch.amazonaws.com", _ALARM),
    "AWS::CloudWatch::CompositeAlarm": Sender("cloudwatch.amazonaws.com", _ALARM),
    "AWS::Events::Rule": Sender("events.amazonaws.com", ("Targets",)),
    "AWS::RDS::EventSubscription": Sender("events.rds.amazonaws.com", ("SnsTopicArn",)),
    "AWS::S3::Bucket": Sender("s3.amazonaws.com", ("NotificationConfiguration",)),
    "AWS::SNS::Subscription": Sender("sns.amazonaws.com", ("Endpoint",)),
}

# These send or receive by the right of a role, of which there is a rule of its own.
BY_ROLE = ("AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping")
# These only name a topic or queue: they allow it, show it, or are told by whom it is used.
ONLY_NAMING = (
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",  # its dead-letter queue: SQS moves messages itself
    "AWS::SQS::QueuePolicy",
    "Custom::AblyRule",
)
