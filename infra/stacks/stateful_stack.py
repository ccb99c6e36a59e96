"""What holds data and outlives a redeploy: database, secrets, queues, and the network they need."""

import aws_cdk as cdk
from constructs import Construct

from infra.data.ably_secret import AblySecret
from infra.data.database import Database
from infra.data.network import Network
from infra.ingest.queues import IngestQueues
from infra.settings.stage import StageConfig
from infra.shared.bootstrap import synthesizer
from infra.shared.cdk_log_group import log_to
from infra.shared.log_group import log_group


class StatefulStack(cdk.Stack):
    """Deployed first; its logical ids are pinned by a test, since a changed one loses data."""

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(
            scope,
            construct_id,
            termination_protection=config.protect_data,
            synthesizer=synthesizer(scope, config),
        )
        self.network = Network(self, "Network", config=config)
        self.database = Database(self, "Database", config=config, vpc=self.network.vpc)
        self.ably_key = AblySecret(
            self,
            "AblyKey",
            config=config,
            description="The Ably API key of the chat, as app.key:secret",
            arn=config.ably_api_key_secret_arn,
        )
        self.control_token = self._control_token(config)
        self.queues = IngestQueues(self, "IngestQueues", config=config)
        log_to(log_group(self, "HelperLogs", config=config), self)
        cdk.CfnOutput(
            self,
            "AblyApiKeySecretArn",
            value=self.ably_key.secret.secret_arn,
            description="Put the Ably API key in here before the service stack is deployed",
        )

        for name, queue, what in (
            ("DeadLetterQueueUrl", self.queues.dead_letters, "Events whose every attempt failed"),
            ("RejectQueueUrl", self.queues.rejects, "Messages that can never be written"),
        ):
            cdk.CfnOutput(self, name, value=queue.queue_url, description=what)

    def _control_token(self, config: StageConfig) -> AblySecret | None:
        """The access token by which the deploy makes the rule; None where it is made by hand."""
        where = config.ably_control_token_secret
        if where is None:
            return None
        token = AblySecret(
            self,
            "AblyControlToken",
            config=config,
            description="An access token of Ably's Control API: read:rule and write:rule",
            arn=None if where == "create" else where,
        )
        cdk.CfnOutput(
            self,
            "AblyControlTokenSecretArn",
            value=token.secret.secret_arn,
            description="Put an access token of Ably's Control API in here, as the key",
        )
        return token
