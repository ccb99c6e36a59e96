"""RDS Proxy before the database, for functions: many short connections on few long ones.

The connector goes past it: LISTEN and the leader's lock belong to one session, which pins it.
"""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.data.database_roles import CHAT


class DatabaseProxy(Construct):
    """A proxy that takes IAM tokens alone, over TLS alone, and logs in to the database by IAM too.

    Attributes:
        proxy: the proxy; who is to use it needs a way to its port.
        login: the right to connect to it as the chat's role.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, instance: rds.DatabaseInstance, vpc: ec2.IVpc
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(
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
            role=role,
            default_auth_scheme=rds.DefaultAuthScheme.IAM_AUTH,
            iam_auth=True,
            require_tls=True,
            # The rest is for who goes past it: the connector, migrate, a person.
            max_connections_percent=80,
        )
        instance.grant_connect(role, CHAT)
        self.login = self._login()
        targets = self.proxy.node.find_child("ProxyTargetGroup")
        if not isinstance(targets, rds.CfnDBProxyTargetGroup):
            raise TypeError("a proxy's targets are a CfnDBProxyTargetGroup")
        # The CDK would tag it, which CloudFormation's own schema of it does not know.
        targets.add_property_deletion_override("Tags")

    def _login(self) -> iam.ManagedPolicy:
        """Made in this stack: in another one, the proxy's id could not be cut from its ARN."""
        proxy_id = cdk.Fn.select(6, cdk.Fn.split(":", self.proxy.db_proxy_arn))
        user = cdk.Stack.of(self).format_arn(
            service="rds-db",
            resource="dbuser",
            resource_name=f"{proxy_id}/{CHAT}",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        statement = iam.PolicyStatement(actions=["rds-db:connect"], resources=[user])
        return iam.ManagedPolicy(
            self, "Login", description="To connect to RDS Proxy", statements=[statement]
        )
