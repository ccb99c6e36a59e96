"""RDS Proxy before the database, for functions: many short connections on few long ones.

The connector goes past it: LISTEN and the leader's lock belong to one session, which pins it.
"""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct


class DatabaseProxy(Construct):
    """A proxy that takes IAM tokens alone, over TLS alone, and logs in to the database by IAM too.

    Attributes:
        proxy: the proxy; a caller opens the way to its port and grants itself the connection.
        role: what the proxy is in AWS; it needs the right to connect as each role it serves.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, instance: rds.DatabaseInstance, vpc: ec2.IVpc
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            description="RDS Proxy: logs in to the database by IAM",
            assumed_by=iam.ServicePrincipal("rds.amazonaws.com"),
        )
        group = ec2.SecurityGroup(
            self, "Group", vpc=vpc, description="RDS Proxy: Postgres", allow_all_outbound=False
        )
        self.proxy = rds.DatabaseProxy(
            self,
            "Proxy",
            proxy_target=rds.ProxyTarget.from_instance(instance),
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="data"),
            security_groups=[group],
            role=self.role,
            default_auth_scheme=rds.DefaultAuthScheme.IAM_AUTH,
            iam_auth=True,
            require_tls=True,
        )
        targets = self.proxy.node.find_child("ProxyTargetGroup")
        if not isinstance(targets, rds.CfnDBProxyTargetGroup):
            raise TypeError("a proxy's targets are a CfnDBProxyTargetGroup")
        # The CDK would tag it, which CloudFormation's own schema of it does not know.
        targets.add_property_deletion_override("Tags")
