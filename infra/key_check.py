"""The Ably API key, looked at by the deploy before anything that needs it."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import triggers
from constructs import Construct

_TIMEOUT = cdk.Duration.minutes(1)


class KeyCheck(Construct):
    """Invokes the auth function, which has the key's secret; a key that is no use fails the deploy.

    Without it ECS would start tasks in vain until its circuit breaker names no cause.

    Attributes:
        trigger: its run; make what needs the key depend on it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, auth: lambda_.Function) -> None:
        super().__init__(scope, construct_id)
        self.trigger = triggers.Trigger(self, "Run", handler=auth, timeout=_TIMEOUT)
        cdk.Annotations.of(auth).acknowledge_warning(
            "@aws-cdk/aws-lambda:addPermissionsToVersionOrAlias",
            "the API invokes the function, and the trigger alone its version",
        )
