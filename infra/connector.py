"""The connector's Fargate service: it reads the outbox in Postgres and publishes to Ably."""

import json

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.bundling import REPOSITORY
from infra.config import StageConfig
from infra.database import DATABASE_NAME, SSL_MODE, Database
from infra.log_group import log_group
from infra.nag import acknowledge
from infra.network import egress_group
from infra.python_function import METRICS_NAMESPACE

TABLE = "chat_data"
_OPERATIONS = ("INSERT", "UPDATE", "DELETE")
_USER = "10001:10001"
_PROCESSORS = {
    "arm64": (ecs.CpuArchitecture.ARM64, ecr_assets.Platform.LINUX_ARM64),
    "x86_64": (ecs.CpuArchitecture.X86_64, ecr_assets.Platform.LINUX_AMD64),
}
_HEALTH_PORT = 8080
# Between the relay's own deadline and SIGKILL: to roll back, to release the lead, to log.
_STOP_MARGIN_SECONDS = 10


class Connector(Construct):
    """One leader and its standbys: a deployment starts the new tasks before it stops the old.

    Attributes:
        service: the ECS service.
        logs: where its tasks log.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        vpc: ec2.IVpc,
        database: Database,
        ably_key: secretsmanager.ISecret,
    ) -> None:
        super().__init__(scope, construct_id)
        self.logs = log_group(self, "Logs", config=config)
        cluster = ecs.Cluster(
            self,
            "Cluster",
            vpc=vpc,
            container_insights_v2=(
                ecs.ContainerInsights.ENABLED
                if config.container_insights
                else ecs.ContainerInsights.DISABLED
            ),
        )
        group = egress_group(self, "Group", vpc=vpc, description="The connector: Postgres and Ably")
        task = self._task(config, database, ably_key)
        self.service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task,
            desired_count=config.connector_desired_count,
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.ENABLED,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            security_groups=[group],
        )
        self.service.connections.allow_to_default_port(database.instance, "Postgres")
        # Tasks that start without their secrets or the way to Postgres trip the circuit breaker.
        self.service.node.add_dependency(group, task.obtain_execution_role())
        if not config.container_insights:
            acknowledge(
                cluster, {"ECS4": "container_insights=false: the connector's own metrics do"}
            )

    def _task(
        self, config: StageConfig, database: Database, ably_key: secretsmanager.ISecret
    ) -> ecs.FargateTaskDefinition:
        processor, platform = _PROCESSORS[config.arch]
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            cpu=config.connector_cpu_units,
            memory_limit_mib=config.connector_memory_mb,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=processor,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
        )
        task.add_container(
            "connector",
            image=ecs.ContainerImage.from_asset(
                str(REPOSITORY / "connector_task"),
                platform=platform,
            ),
            environment=_environment(config, database),
            secrets={
                "DB_USER": ecs.Secret.from_secrets_manager(database.secret, "username"),
                "DB_PASSWORD": ecs.Secret.from_secrets_manager(database.secret, "password"),
                "ABLY_API_KEY": ecs.Secret.from_secrets_manager(ably_key),
            },
            user=_USER,
            readonly_root_filesystem=True,
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-m", "connector_task", "health"],
                interval=cdk.Duration.seconds(15),
                timeout=cdk.Duration.seconds(5),
                retries=3,
                start_period=cdk.Duration.seconds(30),
            ),
            stop_timeout=cdk.Duration.seconds(config.connector_stop_timeout_seconds),
            logging=ecs.LogDriver.aws_logs(
                log_group=self.logs,
                stream_prefix="connector",
                # A full buffer drops lines; blocking would hold up publishing instead.
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=cdk.Size.mebibytes(4),
            ),
        )
        self._acknowledge(task)
        return task

    def _acknowledge(self, task: ecs.FargateTaskDefinition) -> None:
        acknowledge(
            task, {"ECS2": "what stands in the environment is no secret; secrets are injected"}
        )
        acknowledge(
            task.obtain_execution_role(),
            {"IAM5[Resource::*]": "ecr:GetAuthorizationToken takes no resource"},
        )


def _environment(config: StageConfig, database: Database) -> dict[str, str]:
    mappings = [
        {
            "tablename": TABLE,
            "ablychannelname": config.incoming_channel,
            "operation": operation,
        }
        for operation in _OPERATIONS
    ]
    return {
        "STAGE": config.stage,
        "POWERTOOLS_SERVICE_NAME": "connector",
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": config.log_level,
        "DB_HOST": database.host,
        "DB_PORT": database.port,
        "DB_NAME": DATABASE_NAME,
        "DB_SSLMODE": SSL_MODE,
        "ABLY_CONNECTOR": json.dumps(mappings),
        "CONNECTOR_HEALTH_PORT": str(_HEALTH_PORT),
        "CONNECTOR_SHUTDOWN_SECONDS": str(
            config.connector_stop_timeout_seconds - _STOP_MARGIN_SECONDS
        ),
    }
