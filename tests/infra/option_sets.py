"""The option sets that every rule over the templates is held to: stages as somebody may set them.

Each subset of the interface endpoints is in one of them, each number of NAT gateways in several,
and each setting that adds, removes or replaces a resource is on in one and off in another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ABLY = {"ably_account_id": "acct12", "ably_app_id": "aBCdEf"}
TOKEN_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ably/token-AbC123"
KEY_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ably/key-AbC123"
QUALIFIER = "team1"


@dataclass(frozen=True)
class OptionSet:
    """A stage and what is set for it.

    Attributes:
        settings: as on the command line, `-c name=value`.
    """

    stage: str
    settings: Mapping[str, str] = field(default_factory=dict)


# Stage prod with all that can be configured.
PROD = OptionSet(
    "prod",
    {
        **ABLY,
        "ably_api_key_secret_arn": KEY_ARN,
        "allowed_origins": "https://chat.example.com,http://localhost:5173",
        "ably_control_token_secret": TOKEN_ARN,
        "alarm_email": "ops@example.com",
        "page_domain": "chat.example.com",
        "page_certificate_arn": (
            "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
        ),
        "page_web_acl_arn": (
            "arn:aws:wafv2:us-east-1:123456789012:global/webacl/chat/"
            "01234567-89ab-cdef-0123-456789abcdef"
        ),
        "arch": "x86_64",
        "python": "3.14",
    },
)
# Stage dev by the other choices: a queue in front of ingest, a rule made by hand, a login; no NAT
# gateway but endpoints, and RDS Proxy in front of the database.
QUEUED = OptionSet(
    "dev",
    {
        **ABLY,
        "nat_gateways": "0",
        "vpc_endpoints": "ecr,logs,secretsmanager,sqs",
        "rds_proxy": "true",
        "ingest_source": "sqs",
        "ingest_batch_size": "100",
        "ingest_batch_window_seconds": "1",
        "ingest_reserved_concurrency": "5",
        "page": "false",
        "auth_mode": "jwt",
        "jwt_issuer": "https://login.example.com/",
        "jwt_audience": "chat,chat-admin",
        "allowed_origins": "https://chat.example.com",
    },
)


def _set(stage: str, endpoints: str, **settings: str) -> OptionSet:
    return OptionSet(stage, {"vpc_endpoints": endpoints, **settings})


OPTION_SETS: Mapping[str, OptionSet] = {
    "dev": OptionSet("dev"),
    "prod": PROD,
    "queued": QUEUED,
    "no NAT": _set("dev", "secretsmanager,sqs", nat_gateways="0"),
    "no NAT, prod": _set(
        "prod",
        "ecr,secretsmanager,sqs",
        nat_gateways="0",
        ably_control_token_secret="create",
        **ABLY,
    ),
    "no NAT, Insights": _set(
        "dev", "logs,secretsmanager,sqs", nat_gateways="0", container_insights="true", arch="x86_64"
    ),
    "another bootstrap": _set(
        "dev",
        "ecr",
        bootstrap_qualifier=QUALIFIER,
        ably_control_token_secret="create",
        alarm_email="ops@example.com",
        **ABLY,
    ),
    "another bootstrap, prod": _set(
        "prod", "logs", bootstrap_qualifier=QUALIFIER, page="false", rds_proxy="true", **ABLY
    ),
    "another bootstrap by the CDK's own setting": _set(
        "dev", "none", **{"@aws-cdk/core:bootstrapQualifier": QUALIFIER}
    ),
    "queue": _set("prod", "sqs", ingest_source="sqs", nat_gateways="1", **ABLY),
    "queue, rule by token": _set(
        "dev", "ecr,sqs", ingest_source="sqs", ably_control_token_secret=TOKEN_ARN, **ABLY
    ),
    "proxy": _set("dev", "secretsmanager", rds_proxy="true", nat_gateways="2"),
    "login": _set(
        "dev",
        "ecr,logs",
        page="false",
        auth_mode="jwt",
        jwt_issuer="https://login.example.com/",
        jwt_audience="chat",
    ),
    "no connector": _set("dev", "ecr,secretsmanager", connector_desired_count="0"),
    "own key": _set("dev", "logs,secretsmanager", ably_api_key_secret_arn=KEY_ARN),
    "protected dev": _set("dev", "logs,sqs", protect_data="true", vpc_flow_logs="true"),
    "bare prod": _set(
        "prod",
        "ecr,logs,secretsmanager",
        protect_data="false",
        vpc_flow_logs="false",
        database_multi_az="false",
        database_insights="false",
        database_backup_days="0",
        container_insights="false",
        nat_gateways="1",
    ),
    "many connectors": _set("prod", "ecr,logs,sqs", connector_desired_count="4"),
}
