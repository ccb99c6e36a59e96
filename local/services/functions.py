"""The deployed functions, with the settings that the stacks would give them."""

from local.gateway.settings import AUTH_PATH, INCOMING_CHANNEL, MESSAGES_PATH, OUTGOING_CHANNEL
from local.lambda_service import Function
from local.services.aws import AwsServices

INGEST, AUTH, HISTORY, MIGRATE = "ingest", "auth", "history", "migrate"
ROUTES = {AUTH_PATH: AUTH, MESSAGES_PATH: HISTORY}

# Secrets are given by name, not by ARN, because workers start before the secrets exist.
# Secrets Manager accepts both.
DATABASE_MASTER_SECRET = "database-master"  # noqa: S105  # a name
DATABASE_CHAT_SECRET = "database-chat"  # noqa: S105  # a name
ABLY_KEY_SECRET = "ably-api-key"  # noqa: S105  # a name


def chat_functions(aws: AwsServices, *, database_ssl_mode: str) -> list[Function]:
    """All four functions, each with one worker that is ready before its first invocation."""
    ssl_mode = {"DB_SSLMODE": database_ssl_mode}
    chat = {"DB_SECRET_ARN": DATABASE_CHAT_SECRET, **ssl_mode}
    ingest = {**chat, "REJECT_QUEUE_URL": aws.reject_queue_url}
    auth = {
        "ABLY_API_KEY_SECRET_ARN": ABLY_KEY_SECRET,
        "OUTGOING_CHANNEL": OUTGOING_CHANNEL,
        "INCOMING_CHANNEL": INCOMING_CHANNEL,
        "COOKIE_SECURE": "false",
    }
    dead_letters = aws.dead_letter_queue_url
    return [
        _function(INGEST, aws, ingest, dead_letter_queue_url=dead_letters),
        _function(AUTH, aws, auth),
        _function(HISTORY, aws, chat),
        _function(MIGRATE, aws, {"DB_SECRET_ARN": DATABASE_MASTER_SECRET, **ssl_mode}),
    ]


def _function(
    name: str,
    aws: AwsServices,
    settings: dict[str, str],
    *,
    dead_letter_queue_url: str | None = None,
) -> Function:
    return Function(
        name=name,
        handler=f"lambdas.{name}.handler.handler",
        environment={
            "STAGE": "local",
            "POWERTOOLS_SERVICE_NAME": name,
            "POWERTOOLS_METRICS_NAMESPACE": "AblyPostgres",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "POWERTOOLS_TRACE_DISABLED": "true",
            "AWS_ENDPOINT_URL_SQS": aws.endpoint_url,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": aws.endpoint_url,
            **settings,
        },
        dead_letter_queue_url=dead_letter_queue_url,
        prewarm=True,
    )
