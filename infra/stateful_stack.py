"""What holds data and outlives a redeploy: database, secrets, queues, and the network they need."""

import aws_cdk as cdk
from constructs import Construct

from infra.ably_key import AblyKey
from infra.config import StageConfig
from infra.database import Database
from infra.ingest_queues import IngestQueues
from infra.network import Network


class StatefulStack(cdk.Stack):
    """Deployed first; its logical ids are pinned by a test, since a changed one loses data."""

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id, termination_protection=config.protect_data)
        self.network = Network(self, "Network", config=config)
        self.database = Database(self, "Database", config=config, vpc=self.network.vpc)
        self.ably_key = AblyKey(self, "AblyKey", config=config)
        self.queues = IngestQueues(self, "IngestQueues", config=config)
        cdk.CfnOutput(
            self,
            "AblyApiKeySecretArn",
            value=self.ably_key.secret.secret_arn,
            description="Put the Ably API key in here before the service stack is deployed",
        )
