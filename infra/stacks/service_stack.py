"""What runs: the functions, the HTTP API, the connector, and the role that lets Ably in."""

from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from infra.api.api_key_preflight import ApiKeyPreflight
from infra.api.http_api import HttpApi
from infra.connector import Connector
from infra.data.network import egress_group
from infra.functions.deploy_steps import DeploySteps
from infra.functions.migrate import Migrate
from infra.ingest.ably_integration import AblyIntegration
from infra.ingest.function import Ingest
from infra.monitoring.monitoring import Monitoring
from infra.monitoring.sources import MonitoredResources
from infra.settings.stage import StageConfig
from infra.shared.bootstrap import synthesizer
from infra.shared.cdk_log_group import log_to
from infra.shared.log_group import log_group
from infra.stacks.stateful_stack import StatefulStack
from infra.website.website import Website


class ServiceStack(cdk.Stack):
    """May be removed and deployed again at any time: it holds nothing but log groups."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        stateful: StatefulStack,
        page: Path,
    ) -> None:
        super().__init__(scope, construct_id, synthesizer=synthesizer(scope, config))
        cdk_log_group = log_group(self, "HelperLogs", config=config)
        vpc = stateful.network.vpc
        database = stateful.database
        ably_key = stateful.ably_key.secret
        # One group for all functions: Lambda shares network interfaces by subnet and group.
        group = egress_group(
            self, "FunctionGroup", vpc=vpc, description="Functions: Postgres and AWS"
        )
        steps = DeploySteps(self, "DeploySteps", config=config)
        migrate = Migrate(
            self,
            "Migrate",
            config=config,
            vpc=vpc,
            security_group=group,
            database=database,
            steps=steps,
        )
        ingest = Ingest(
            self,
            "Ingest",
            config=config,
            vpc=vpc,
            security_group=group,
            database=database,
            queues=stateful.queues,
        )
        http_api = HttpApi(
            self,
            "HttpApi",
            config=config,
            vpc=vpc,
            security_group=group,
            database=database,
            ably_key=ably_key,
        )
        connector = Connector(
            self, "Connector", config=config, vpc=vpc, database=database, ably_key=ably_key
        )
        api_key_preflight = ApiKeyPreflight(self, "KeyCheck", auth=http_api.auth, steps=steps)
        migrate.step.node.add_dependency(api_key_preflight.step)
        for needs_schema in (ingest.function, http_api.history, connector.service):
            needs_schema.node.add_dependency(migrate.step)
        website = (
            Website(
                self,
                "Website",
                config=config,
                api=http_api.api,
                page=page,
                cdk_log_group=cdk_log_group,
            )
            if config.page
            else None
        )
        self._add_output("IngestFunctionName", ingest.function.function_name, "Writes to Postgres")
        self._output(config, http_api, connector, website)
        ably = AblyIntegration(
            self,
            "Ably",
            config=config,
            target=ingest.target,
            control_token=stateful.control_token.secret if stateful.control_token else None,
        )
        # No message before all that writes it is in place.
        ably.node.add_dependency(ingest)
        self._watch(
            MonitoredResources(
                config=config,
                ingest=ingest.function,
                http_api=http_api,
                queues=stateful.queues,
                database=database.instance,
                connector_logs=connector.logs,
                distribution_id=website.distribution.distribution_id if website else None,
            )
        )
        log_to(cdk_log_group, self)

    def _watch(self, monitored: MonitoredResources) -> None:
        monitoring = Monitoring(self, "Monitoring", monitored=monitored)
        self._add_output(
            "AlarmTopicArn", monitoring.topic.topic_arn, "Subscribe a pager or a chat here"
        )
        self._add_output("Dashboard", monitoring.dashboard.dashboard_name, "Its name in CloudWatch")

    def _output(
        self,
        config: StageConfig,
        http_api: HttpApi,
        connector: Connector,
        website: Website | None,
    ) -> None:
        self._add_output("ApiUrl", http_api.api.api_endpoint, "Serves GET /auth and GET /messages")
        self._add_output("ConnectorLogGroup", connector.logs.log_group_name, "The connector's log")
        if website:
            self._add_output("PageUrl", website.url, "The chat page")
        if website and config.page_domain:
            self._add_output(
                "PageDomainTarget",
                website.distribution.distribution_domain_name,
                f"Point {config.page_domain} here: a CNAME, or an alias in Route 53",
            )

    def _add_output(self, name: str, value: str, description: str) -> None:
        cdk.CfnOutput(self, name, value=value, description=description)
