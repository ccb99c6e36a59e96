"""The Ably API key: a secret that the operator fills, or one that is there already."""

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.config import StageConfig
from infra.log_group import removal_policy
from infra.nag import acknowledge


class AblyKey(Construct):
    """Where the key is kept; its value is the key itself, `app.key:secret`.

    Attributes:
        secret: the secret; created without a value unless its ARN is configured.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        if config.ably_api_key_secret_arn:
            self.secret = secretsmanager.Secret.from_secret_complete_arn(
                self, "Secret", config.ably_api_key_secret_arn
            )
        else:
            self.secret = self._empty(config)

    def _empty(self, config: StageConfig) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description="The Ably API key of the chat, as app.key:secret",
            removal_policy=removal_policy(config),
        )
        # Without a value its readers say that it has none; a generated one would look like a key.
        resource = secret.node.default_child
        if not isinstance(resource, secretsmanager.CfnSecret):
            raise TypeError("a secret's resource is a CfnSecret")
        resource.add_property_deletion_override("GenerateSecretString")
        acknowledge(secret, {"SMG4": "Ably issues the key: it is changed there, then here"})
        return secret
