"""The rule of the Ably app that carries messages to this stack, made and removed by the deploy."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.functions.deploy_steps import grant_stack_status
from infra.functions.python_function import PythonFunction
from infra.settings.stage import StageConfig

_TIMEOUT = cdk.Duration.minutes(2)
# A function that cannot even start answers nothing: CloudFormation would wait for an hour.
_SERVICE_TIMEOUT = cdk.Duration.minutes(10)


class AblyRule(Construct):
    """A custom resource whose function answers CloudFormation itself.

    The CDK's Provider would put a second function in front of it, for what one PUT does.

    Attributes:
        rule_id: Ably's id of the rule.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        token: secretsmanager.ISecret,
        role: iam.Role,
        target: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        function = PythonFunction(
            self,
            "AblyRule",
            name="ably_rule",
            description="Makes, changes and removes the Ably rule at deploy",
            config=config,
            environment={
                "ABLY_CONTROL_TOKEN_SECRET_ARN": token.secret_arn,
                "ABLY_CONTROL_API_URL": config.ably_control_api_url,
            },
            timeout=_TIMEOUT,
        ).function
        token.grant_read(function)
        grant_stack_status(function)
        resource = cdk.CustomResource(
            self,
            "Rule",
            service_token=function.function_arn,
            resource_type="Custom::AblyRule",
            service_timeout=_SERVICE_TIMEOUT,
            properties={
                "AppId": config.ably_app_id,
                "ChannelFilter": channel_filter(config),
                "Region": cdk.Stack.of(self).region,
                "RoleArn": role.role_arn,
                **target,
            },
        )
        # The function's right to log and to read the token, and the role's to reach the target.
        resource.node.add_dependency(function, role)
        self.rule_id = resource.ref


def channel_filter(config: StageConfig) -> str:
    """The rule's filter: the one channel that browsers publish on, and none that it begins."""
    return f"^{config.outgoing_channel}$"
