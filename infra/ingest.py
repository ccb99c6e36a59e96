"""The ingest function: Ably's rule invokes it asynchronously, it writes to Postgres."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.config import StageConfig
from infra.database import Database
from infra.ingest_queues import IngestQueues
from infra.python_function import PythonFunction


class Ingest(Construct):
    """Invoked once per message; Lambda repeats a failed event, then leaves it in the dead letters.

    Attributes:
        function: the Lambda function that Ably's rule names.
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
        database.open_to(self.function)
        queues.rejects.grant_send_messages(self.function)
