"""The role by which Ably's rule reaches its one target, and nothing else."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

# Ably's own AWS account, from which its rules assume roles.
ABLY_AWS_ACCOUNT = "203461409171"


class AblyAccess(Construct):
    """A role that only Ably can assume, and only for one app of one Ably account.

    Attributes:
        role: the role whose ARN is entered in the rule.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        external_id: str,
        actions: Sequence[str],
        resource: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            description="Assumed by Ably to hand over messages",
            assumed_by=iam.AccountPrincipal(ABLY_AWS_ACCOUNT),
            # Ably sends its customer's own id: another customer's rule cannot use this role.
            external_ids=[external_id],
        )
        self.role.add_to_policy(iam.PolicyStatement(actions=[*actions], resources=[resource]))
