"""The connector's Fargate service: it reads the outbox in Postgres and publishes to Ably.

A task has two containers of one image. The first installs, as the owner of the schema, and ends;
the second relays, as a role that can do no more, and starts only if the first has succeeded.
"""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.data.database import Database
from infra.data.database_access import connector_variables, grant_connector_access
from infra.data.database_roles import CONNECTOR, OWNER
from infra.data.network import egress_group
from infra.functions.bundling import REPOSITORY
from infra.functions.python_function import METRICS_NAMESPACE
from infra.settings.connector_mappings import mappings_variable
from infra.settings.stage import StageConfig
from infra.shared.chat_mappings import chat_mappings
from infra.shared.log_group import log_group
from infra.shared.nag import acknowledge

_USER = "10001:10001"
_PROCESSORS = {
    "arm64": (ecs.CpuArchitecture.ARM64, ecr_assets.Platform.LINUX_ARM64),
    "x86_64": (ecs.CpuArchitecture.X86_64, ecr_assets.Platform.LINUX_AMD64),
}
_HEALTH_PORT = 8080
_HEALTH_CHECK = ecs.HealthCheck(
    command=["CMD", "python", "-m", "connector_task", "health"],
    interval=cdk.Duration.seconds(15),
    timeout=cdk.Duration.seconds(5),
    retries=3,
    start_period=cdk.Duration.seconds(30),
)
# After which a task whose installation has not ended is given up; the most that Fargate waits.
_INSTALL_TIMEOUT = cdk.Duration.seconds(120)
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
            # Without a NAT gateway only an address of its own takes it to Ably; its group lets
            # nothing in.
            vpc_subnets=ec2.SubnetSelection(
                subnet_group_name="code" if config.nat_gateways else "public"
            ),
            assign_public_ip=config.nat_gateways == 0,
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
        grant_connector_access(task.task_role, database)
        image = ecs.ContainerImage.from_asset(str(REPOSITORY / "connector_task"), platform=platform)
        install = self._container(
            task,
            "install",
            image=image,
            command=["install"],
            # A task lives on without this container.
            essential=False,
            environment=_environment(config, database, DB_USER=OWNER, CONNECTOR_RUN_ROLE=CONNECTOR),
            secrets={"ABLY_API_KEY": ecs.Secret.from_secrets_manager(ably_key)},
            start_timeout=_INSTALL_TIMEOUT,
        )
        relay = self._container(
            task,
            "connector",
            image=image,
            environment=_environment(
                config, database, DB_USER=CONNECTOR, CONNECTOR_INSTALL="false"
            ),
            secrets={"ABLY_API_KEY": ecs.Secret.from_secrets_manager(ably_key)},
            health_check=_HEALTH_CHECK,
            stop_timeout=cdk.Duration.seconds(config.connector_stop_timeout_seconds),
        )
        relay.add_container_dependencies(
            ecs.ContainerDependency(
                container=install, condition=ecs.ContainerDependencyCondition.SUCCESS
            )
        )
        self._acknowledge(task)
        return task

    def _container(
        self, task: ecs.FargateTaskDefinition, name: str, **options: Any
    ) -> ecs.ContainerDefinition:
        return task.add_container(
            name,
            user=_USER,
            readonly_root_filesystem=True,
            logging=ecs.LogDriver.aws_logs(
                log_group=self.logs,
                stream_prefix=name,
                # A full buffer drops lines; blocking would hold up publishing instead.
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=cdk.Size.mebibytes(4),
            ),
            **options,
        )

    def _acknowledge(self, task: ecs.FargateTaskDefinition) -> None:
        acknowledge(
            task, {"ECS2": "what stands in the environment is no secret; secrets are injected"}
        )
        acknowledge(
            task.obtain_execution_role(),
            {"IAM5[Resource::*]": "ecr:GetAuthorizationToken takes no resource"},
        )


def _environment(config: StageConfig, database: Database, **own: str) -> dict[str, str]:
    return {
        "STAGE": config.stage,
        "POWERTOOLS_SERVICE_NAME": "connector",
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": config.log_level,
        **connector_variables(database),
        "ABLY_CONNECTOR": mappings_variable(chat_mappings(config.incoming_channel)),
        "ABLY_PLAN": config.ably_plan,
        "CONNECTOR_SHARDS": str(config.connector_shards),
        "CONNECTOR_HEALTH_PORT": str(_HEALTH_PORT),
        "CONNECTOR_SHUTDOWN_SECONDS": str(
            config.connector_stop_timeout_seconds - _STOP_MARGIN_SECONDS
        ),
        **own,
    }
