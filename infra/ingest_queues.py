"""The queues that hold what ingest could not take: dead letters and rejected messages."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.config import StageConfig
from infra.log_group import removal_policy
from infra.nag import acknowledge


class IngestQueues(Construct):
    """Two queues that nothing consumes by itself: a person looks, mends, and sends again.

    Attributes:
        dead_letters: events whose every attempt failed, as Lambda leaves them.
        rejects: single messages that can never succeed, each with its reason.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = self._queue("DeadLetters", config)
        self.rejects = self._queue("Rejects", config)

    def _queue(self, construct_id: str, config: StageConfig) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
            removal_policy=removal_policy(config),
        )
        acknowledge(queue, {"SQS3": "this is where messages end up; nothing consumes it by itself"})
        return queue
