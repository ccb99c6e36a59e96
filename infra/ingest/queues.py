"""Ingest's queues: what it could not take, and at volume also what it is to take."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.settings.stage import StageConfig
from infra.shared.log_group import removal_policy
from infra.shared.nag import acknowledge


class IngestQueues(Construct):
    """Dead letters and rejects wait for a person who looks, mends, and sends again.

    Attributes:
        dead_letters: events whose every attempt failed, as Lambda and SQS leave them.
        rejects: single messages that can never succeed, each with its reason.
        messages: what Ably's rule sends, where it does not invoke the function.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = self._queue("DeadLetters", config)
        self.rejects = self._queue("Rejects", config)
        self.messages = self._source("Messages", config) if config.ingest_source == "sqs" else None

    def _source(self, construct_id: str, config: StageConfig) -> sqs.Queue:
        """Standard, not FIFO: the greatest (timestamp, id) of two edits wins in any order."""
        return sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(4),
            # AWS's advice: a batch being worked on must not come back meanwhile.
            visibility_timeout=cdk.Duration.seconds(6 * config.ingest_timeout_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=config.ingest_retry_attempts + 1
            ),
            removal_policy=removal_policy(config),
        )

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
