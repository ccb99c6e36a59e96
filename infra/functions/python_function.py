"""A Lambda function of lambdas/: its asset, its log group, and a role that may only log."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions.bundling import Target
from infra.functions.function_code import function_code
from infra.settings.stage import StageConfig
from infra.shared.log_group import log_group
from infra.shared.nag import acknowledge

METRICS_NAMESPACE = "AblyPostgres"

_RUNTIMES = {
    "3.11": lambda_.Runtime.PYTHON_3_11,
    "3.12": lambda_.Runtime.PYTHON_3_12,
    "3.13": lambda_.Runtime.PYTHON_3_13,
    "3.14": lambda_.Runtime.PYTHON_3_14,
}
_ARCHITECTURES = {
    "arm64": lambda_.Architecture.ARM_64,
    "x86_64": lambda_.Architecture.X86_64,
}
# What Lambda does in the function's name to connect it to the VPC.
_NETWORK_ACTIONS = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
]


class PythonFunction(Construct):
    """One function, `lambdas/<name>`, whose handler is `lambdas.<name>.handler.handler`.

    Attributes:
        function: the Lambda function.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        config: StageConfig,
        environment: Mapping[str, str],
        timeout: cdk.Duration,
        vpc: ec2.IVpc | None = None,
        security_group: ec2.ISecurityGroup | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        reserved_concurrency: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        logs = log_group(self, "Logs", config=config)
        role = self._role(in_vpc=vpc is not None)
        logs.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=_RUNTIMES[config.python],
            architecture=_ARCHITECTURES[config.arch],
            handler=f"lambdas.{name}.handler.handler",
            code=function_code(name, Target.for_lambda(arch=config.arch, python=config.python)),
            environment={
                "STAGE": config.stage,
                "POWERTOOLS_SERVICE_NAME": name,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": config.log_level,
                **environment,
            },
            memory_size=config.function_memory_mb,
            timeout=timeout,
            role=role,
            log_group=logs,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=vpc,
            vpc_subnets=_subnets(vpc),
            security_groups=[security_group] if security_group else None,
            dead_letter_queue=dead_letter_queue,
            reserved_concurrent_executions=reserved_concurrency,
        )
        if config.python != "3.14":
            acknowledge(
                self.function,
                {"L1": f"Python {config.python} is supported, and what the tests run against"},
            )

    def _role(self, *, in_vpc: bool) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        if in_vpc:
            role.add_to_policy(iam.PolicyStatement(actions=_NETWORK_ACTIONS, resources=["*"]))
        acknowledge(
            role,
            {
                "IAM5[Resource::*]": "X-Ray takes no resource; nor, in a VPC, does EC2 for network "
                "interfaces, which exist only after the call that this allows"
            },
        )
        return role


def _subnets(vpc: ec2.IVpc | None) -> ec2.SubnetSelection | None:
    if vpc is None:
        return None
    return ec2.SubnetSelection(subnet_group_name="code")
