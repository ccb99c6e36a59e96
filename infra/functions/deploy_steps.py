"""Functions that the deploy itself runs, each before what depends on it."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions.python_function import PythonFunction
from infra.settings.stage import StageConfig
from infra.shared.nag import acknowledge

# Of a step's own function: so that its timeout is an answer, and no silence.
LONGEST_STEP = cdk.Duration.minutes(10)
_TIMEOUT = cdk.Duration.minutes(13)
# A function that cannot even start answers nothing: CloudFormation would wait for an hour.
_SERVICE_TIMEOUT = cdk.Duration.minutes(15)


class DeploySteps(Construct):
    """Runs a function when it is new or has changed; the deploy is rolled back where it fails.

    In a rollback it runs as of the release before, and its failure does not hold up the rollback:
    that is what the CDK's Trigger would do (docs/adr/0011). The function that runs the others is
    in no VPC: it must reach Lambda and CloudFormation whatever endpoints there are.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        self._runner = PythonFunction(
            self,
            "Runner",
            name="deploy_step",
            description="Runs other functions as steps of a deploy",
            config=config,
            environment={},
            timeout=_TIMEOUT,
        ).function
        grant_stack_status(self._runner)

    def add(
        self, scope: Construct, construct_id: str, *, handler: lambda_.Function
    ) -> cdk.CustomResource:
        """A step; make what needs it depend on it.

        Args:
            scope: what the step is a part of.
            construct_id: its id there.
            handler: what is run, without an event; safe to repeat.
        """
        self._let_run(handler)
        step = cdk.CustomResource(
            scope,
            construct_id,
            service_token=self._runner.function_arn,
            resource_type="Custom::DeployStep",
            service_timeout=_SERVICE_TIMEOUT,
            # Another version for each change of its code or its settings.
            properties={"HandlerArn": handler.current_version.function_arn},
        )
        # With the rights of both.
        step.node.add_dependency(self._runner, handler)
        return step

    def _let_run(self, handler: lambda_.Function) -> None:
        self._runner.add_to_role_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"], resources=[f"{handler.function_arn}:*"]
            )
        )
        cdk.Annotations.of(handler).acknowledge_warning(
            "@aws-cdk/aws-lambda:addPermissionsToVersionOrAlias",
            "others invoke the function, and only the step its versions",
        )
        resource = handler.node.default_child
        if not isinstance(resource, lambda_.CfnFunction) or self._runner.role is None:
            raise TypeError("a function's resource is a CfnFunction, and it has a role")
        logical_id = cdk.Stack.of(self).get_logical_id(resource)
        acknowledge(
            self._runner.role,
            {f"IAM5[Resource::<{logical_id}.Arn>:*]": "every version of this one function"},
        )


def grant_stack_status(function: lambda_.Function) -> None:
    """Let a function of a custom resource see whether its own stack is being rolled back."""
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["cloudformation:DescribeStacks"],
            resources=[cdk.Stack.of(function).stack_id],
        )
    )
