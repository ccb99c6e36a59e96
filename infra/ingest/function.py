"""The ingest function: it writes to Postgres what Ably's rule hands it, or a queue in between."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from constructs import Construct

from infra.data.database import Database
from infra.data.database_access import grant_chat_access
from infra.functions.python_function import PythonFunction
from infra.ingest.queues import IngestQueues
from infra.ingest.rule_target import RuleTarget
from infra.settings.stage import StageConfig

# Of an event source mapping's own lower bound.
_LEAST_CONCURRENCY = 2


class Ingest(Construct):
    """Invoked once per message, or per batch of a queue; what fails is repeated, then left aside.

    Attributes:
        function: the Lambda function.
        target: where Ably's rule is to send messages.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
        database: Database,
        queues: IngestQueues,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = PythonFunction(
            self,
            "Ingest",
            name="ingest",
            description="Writes chat messages published on Ably to Postgres",
            config=config,
            environment={
                "INGEST_SOURCE": config.ingest_source,
                "REJECT_QUEUE_URL": queues.rejects.queue_url,
                "MAX_CONTENT_BYTES": str(config.ingest_max_content_bytes),
                "MAX_USERNAME_BYTES": str(config.ingest_max_username_bytes),
            },
            timeout=cdk.Duration.seconds(config.ingest_timeout_seconds),
            vpc=vpc,
            security_group=security_group,
            dead_letter_queue=queues.dead_letters,
            reserved_concurrency=config.ingest_reserved_concurrency,
        ).function
        self.function.configure_async_invoke(
            retry_attempts=config.ingest_retry_attempts,
            max_event_age=cdk.Duration.seconds(config.ingest_max_event_age_seconds),
        )
        grant_chat_access(self.function, database)
        queues.rejects.grant_send_messages(self.function)
        self.target = RuleTarget.of_function(self.function)
        if queues.messages:
            self._consume(queues.messages, config)
            self.target = RuleTarget.of_queue(queues.messages)

    def _consume(self, messages: sqs.Queue, config: StageConfig) -> None:
        reserved = config.ingest_reserved_concurrency
        self.function.add_event_source(
            SqsEventSource(
                messages,
                batch_size=config.ingest_batch_size,
                max_batching_window=cdk.Duration.seconds(config.ingest_batch_window_seconds),
                report_batch_item_failures=True,
                # Else more batches are fetched than may run, and come back as failures.
                max_concurrency=max(reserved, _LEAST_CONCURRENCY) if reserved else None,
            )
        )
