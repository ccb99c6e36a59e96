"""What Ably issues and the operator brings: a secret to fill, or one that is there already."""

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.settings.stage import StageConfig
from infra.shared.log_group import removal_policy
from infra.shared.nag import acknowledge


class AblySecret(Construct):
    """Where a key or token of Ably's is kept; the secret's value is the text itself.

    Attributes:
        secret: the secret; created without a value unless its ARN is configured.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        description: str,
        arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.secret: secretsmanager.ISecret = (
            secretsmanager.Secret.from_secret_complete_arn(self, "Secret", arn)
            if arn
            else self._empty(config, description)
        )

    def _empty(self, config: StageConfig, description: str) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self, "Secret", description=description, removal_policy=removal_policy(config)
        )
        # Without a value its readers say that it has none; a generated one would look like a key.
        resource = secret.node.default_child
        if not isinstance(resource, secretsmanager.CfnSecret):
            raise TypeError("a secret's resource is a CfnSecret")
        resource.add_property_deletion_override("GenerateSecretString")
        acknowledge(secret, {"SMG4": "Ably issues what is in it: it is changed there, then here"})
        return secret
