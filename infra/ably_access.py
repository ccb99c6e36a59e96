"""The role by which Ably's rule invokes the ingest function, and nothing else."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

# Ably's own AWS account, from which its rules assume roles.
ABLY_AWS_ACCOUNT = "203461409171"


class AblyAccess(Construct):
    """A role that only Ably can assume, and only for one app of one Ably account.

    Attributes:
        role: the role whose ARN is entered in the rule.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, external_id: str, function: lambda_.IFunction
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            description="Assumed by Ably to invoke the ingest function",
            assumed_by=iam.AccountPrincipal(ABLY_AWS_ACCOUNT),
            # Ably sends its customer's own id: another customer's rule cannot use this role.
            external_ids=[external_id],
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction", "lambda:InvokeAsync"],
                resources=[function.function_arn],
            )
        )
