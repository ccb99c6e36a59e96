"""The Ably API key, looked at by the deploy before anything that needs it."""

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions.deploy_steps import DeploySteps


class ApiKeyPreflight(Construct):
    """Invokes the auth function, which has the key's secret; a key that is no use fails the deploy.

    Without it ECS would start tasks in vain until its circuit breaker names no cause.

    Attributes:
        step: its run; make what needs the key depend on it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, auth: lambda_.Function, steps: DeploySteps
    ) -> None:
        super().__init__(scope, construct_id)
        self.step = steps.add(self, "Step", handler=auth)
