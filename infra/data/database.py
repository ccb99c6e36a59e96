"""The RDS Postgres that holds the chat and the connector's outbox."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct, IConstruct

from infra.data.database_proxy import DatabaseProxy
from infra.data.database_roles import MASTER
from infra.settings.stage import StageConfig
from infra.shared.log_group import retention
from infra.shared.nag import acknowledge

DATABASE_NAME = "chat"

_PARAMETERS = {
    "rds.force_ssl": "1",
    # What "1" was before Postgres 18; RDS no longer takes that.
    "log_connections": "receipt,authentication,authorization",
    "log_disconnections": "1",
    # What a client left open holds locks and keeps vacuum from its work.
    "idle_in_transaction_session_timeout": "60000",
    # A failed statement and the detail of its error would tell what was said in the chat.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}

_LOG_RETENTION_REASONS = {
    "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]": (
        "the CDK's own custom resource, which only runs at deploy"
    ),
    "IAM5[Resource::*]": (
        "RDS makes its log group by itself under a name that is not known before: the CDK's custom "
        "resource may set and remove retentions, no more"
    ),
}


class Database(Construct):
    """One encrypted instance in isolated subnets that only speaks TLS.

    Attributes:
        instance: the RDS instance.
        secret: the master user's credentials as JSON: host, port, dbname, username, password.
        host: the instance's address.
        port: its port, as text; the proxy's too.
        port_range: the same for a security group.
        proxy: what functions go through, where there is one.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, config: StageConfig, vpc: ec2.IVpc
    ) -> None:
        super().__init__(scope, construct_id)
        # Major version only: minor ones are RDS's to apply, and a pinned one could not be kept.
        engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18)
        self.instance = rds.DatabaseInstance(
            self,
            "Instance",
            engine=engine,
            parameter_group=rds.ParameterGroup(
                self, "Parameters", engine=engine, parameters=_PARAMETERS
            ),
            instance_type=ec2.InstanceType(config.database_instance_class),
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="data"),
            multi_az=config.database_multi_az,
            database_name=DATABASE_NAME,
            credentials=rds.Credentials.from_generated_secret(MASTER),
            iam_authentication=True,
            storage_type=rds.StorageType.GP3,
            allocated_storage=config.database_storage_gib,
            max_allocated_storage=config.database_max_storage_gib,
            storage_encrypted=True,
            backup_retention=cdk.Duration.days(config.database_backup_days),
            copy_tags_to_snapshot=True,
            delete_automated_backups=not config.protect_data,
            deletion_protection=config.protect_data,
            removal_policy=(
                cdk.RemovalPolicy.SNAPSHOT if config.protect_data else cdk.RemovalPolicy.DESTROY
            ),
            cloudwatch_logs_exports=["postgresql", "iam-db-auth-error"],
            cloudwatch_logs_retention=retention(config),
            database_insights_mode=rds.DatabaseInsightsMode.STANDARD,
            enable_performance_insights=config.database_insights,
        )
        self.secret = _generated(self.instance)
        self.host = self.instance.db_instance_endpoint_address
        self.port = self.instance.db_instance_endpoint_port
        self.port_range = ec2.Port.tcp(cdk.Token.as_number(self.port))
        self.proxy = (
            DatabaseProxy(self, "Proxy", instance=self.instance, vpc=vpc)
            if config.rds_proxy
            else None
        )
        self._acknowledge(config)

    def _acknowledge(self, config: StageConfig) -> None:
        reasons = {
            "RDS11": "security groups decide who reaches the port; another number hides nothing",
            "SMG4": "read by migrate alone, at a deploy; all else logs in by IAM",
        }
        if not config.database_multi_az:
            reasons["RDS3"] = "database_multi_az=false: a development stage may wait for a restore"
        if not config.protect_data:
            reasons["RDS10"] = "protect_data=false: a development stage is made to be removed"
        if config.database_backup_days == 0:
            reasons["RDS13"] = "database_backup_days=0: a development stage holds nothing to lose"
        acknowledge(self.instance, reasons)
        acknowledge(_log_retention(self), _LOG_RETENTION_REASONS)


def _log_retention(scope: Construct) -> IConstruct:
    """The CDK's own function that sets the retention of the log groups that RDS makes."""
    children = cdk.Stack.of(scope).node.children
    return next(child for child in children if child.node.id.startswith("LogRetention"))


def _generated(instance: rds.DatabaseInstance) -> secretsmanager.ISecret:
    if instance.secret is None:
        raise AssertionError("an instance with generated credentials has a secret")
    return instance.secret
