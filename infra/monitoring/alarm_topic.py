"""The one place that alarms go to: an encrypted SNS topic, by mail to who is named."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.settings.stage import StageConfig

CLOUDWATCH = "cloudwatch.amazonaws.com"


class AlarmTopic(Construct):
    """Takes alarms; more subscriptions (a pager, a chat) are added to it by hand.

    Principals of the account need no statement here: their own policies let them publish and
    subscribe. An AWS service needs one in the topic's policy and one in the key's.

    Attributes:
        topic: the topic.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        # SNS's own key lets no service in; only the policy of a key of ours can.
        self._key = kms.Key(
            self,
            "Key",
            description=f"Alarms of ably-postgres, stage {config.stage}",
            enable_key_rotation=True,
            pending_window=cdk.Duration.days(7),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.topic = sns.Topic(self, "Topic", master_key=self._key, enforce_ssl=True)
        self.allow_publisher(CLOUDWATCH)
        if config.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(config.alarm_email))

    def allow_publisher(self, service: str) -> None:
        """Let an AWS service publish for this account, and use the key for it.

        The topic's policy replaces the one that SNS gives a topic without, which lets the whole
        account's services in: what is not allowed here does not arrive, and fails nowhere else.

        Args:
            service: its principal, such as "cloudwatch.amazonaws.com" for alarms.
        """
        for_this_account = {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}}
        principal = iam.ServicePrincipal(service)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[principal],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=for_this_account,
            )
        )
        self._key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[principal],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # in a key's own policy: this key
                conditions=for_this_account,
            )
        )
