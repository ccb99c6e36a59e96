"""The HTTP API that browsers call: GET /auth for an Ably token, GET /messages for what was said."""

import json

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.aws_apigatewayv2_authorizers import HttpJwtAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.data.database import Database
from infra.data.database_access import grant_chat_access
from infra.functions.python_function import PythonFunction
from infra.settings.stage import StageConfig
from infra.shared.log_group import log_group
from infra.shared.nag import acknowledge

_ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "response_bytes": "$context.responseLength",
    "duration_ms": "$context.responseLatency",
    "integration_error": "$context.integrationErrorMessage",
}
_TIMEOUT_SECONDS = 10


class HttpApi(Construct):
    """A throttled, logged HTTP API with its two functions.

    Attributes:
        api: the API.
        auth: the function that makes token requests; it is in no VPC, for it needs no database.
        history: the function that reads pages of messages.
        access_logs: one line for each request.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
        database: Database,
        ably_key: secretsmanager.ISecret,
    ) -> None:
        super().__init__(scope, construct_id)
        self.access_logs = log_group(self, "AccessLogs", config=config)
        self.auth = self._auth(config, ably_key)
        self.history = self._history(config, vpc, security_group)
        grant_chat_access(self.history, database)
        self.api = apigatewayv2.HttpApi(
            self, "Api", create_default_stage=False, cors_preflight=_cors(config)
        )
        authorizer = _authorizer(config)
        self._serve("/auth", self.auth, authorizer)
        self._serve("/messages", self.history, authorizer)
        self._publish(config)
        if authorizer is None:
            acknowledge(
                self.api,
                {
                    "APIG4": "auth_mode=anonymous: anyone may join the chat, /auth is where a "
                    "visitor gets an identity, and /messages shows what every participant sees"
                },
            )

    def _auth(self, config: StageConfig, ably_key: secretsmanager.ISecret) -> lambda_.Function:
        function = PythonFunction(
            self,
            "Auth",
            name="auth",
            description="Answers with a signed Ably TokenRequest",
            config=config,
            environment={
                "ABLY_API_KEY_SECRET_ARN": ably_key.secret_arn,
                "ABLY_APP_ID": config.ably_app_id or "",
                "OUTGOING_CHANNEL": config.outgoing_channel,
                "INCOMING_CHANNEL": config.incoming_channel,
                "TOKEN_TTL_SECONDS": str(config.token_ttl_seconds),
                "ALLOWED_ORIGINS": ",".join(config.allowed_origins),
                "AUTH_MODE": config.auth_mode,
                "COOKIE_SECURE": "true",
            },
            timeout=cdk.Duration.seconds(_TIMEOUT_SECONDS),
        ).function
        ably_key.grant_read(function)
        return function

    def _history(
        self, config: StageConfig, vpc: ec2.IVpc, security_group: ec2.ISecurityGroup
    ) -> lambda_.Function:
        return PythonFunction(
            self,
            "History",
            name="history",
            description="Reads pages of chat messages from Postgres",
            config=config,
            environment={
                "ALLOWED_ORIGINS": ",".join(config.allowed_origins),
                "HISTORY_MAX_LIMIT": str(config.history_max_limit),
            },
            timeout=cdk.Duration.seconds(_TIMEOUT_SECONDS),
            vpc=vpc,
            security_group=security_group,
        ).function

    def _serve(
        self, path: str, function: lambda_.Function, authorizer: HttpJwtAuthorizer | None
    ) -> None:
        self.api.add_routes(
            path=path,
            methods=[apigatewayv2.HttpMethod.GET],
            integration=HttpLambdaIntegration(f"Integration{path[1:].title()}", function),
            authorizer=authorizer,
        )

    def _publish(self, config: StageConfig) -> None:
        stage = self.api.add_stage(
            "Stage",
            auto_deploy=True,
            throttle=apigatewayv2.ThrottleSettings(
                rate_limit=config.api_rate_per_second, burst_limit=config.api_burst_count
            ),
        )
        resource = stage.node.default_child
        if not isinstance(resource, apigatewayv2.CfnStage):
            raise TypeError("a stage's resource is a CfnStage")
        resource.access_log_settings = apigatewayv2.CfnStage.AccessLogSettingsProperty(
            destination_arn=self.access_logs.log_group_arn,
            format=json.dumps(_ACCESS_LOG),
        )


def _authorizer(config: StageConfig) -> HttpJwtAuthorizer | None:
    """Lets in who shows a token of the configured issuer; None where anyone may come in."""
    if config.jwt_issuer is None:
        return None
    return HttpJwtAuthorizer("Jwt", config.jwt_issuer, jwt_audience=[*config.jwt_audience])


def _cors(config: StageConfig) -> apigatewayv2.CorsPreflightOptions | None:
    if not config.allowed_origins:
        return None
    return apigatewayv2.CorsPreflightOptions(
        allow_origins=list(config.allowed_origins),
        allow_methods=[apigatewayv2.CorsHttpMethod.GET],
        allow_headers=["authorization"] if config.auth_mode == "jwt" else None,
        allow_credentials=True,  # the identity cookie
        max_age=cdk.Duration.hours(1),
    )
