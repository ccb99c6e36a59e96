"""What a deploy asks before it builds on the Ably API key: is it there, and of the right app?

Whoever needs the key later could only say so in a log. Here the deploy fails, and its event says
what to do. Ably itself is not asked: whether it takes the key, the first message shows.
"""

from lambdas.auth.settings import AuthSettings
from lambdas.auth.tokens import TokenRequests
from lambdas.common.errors import FunctionError, SecretUnavailableError
from lambdas.common.secrets import Secrets


class ApiKeyError(FunctionError):
    """The Ably API key is missing, is none, or is of another app; the message says what to do."""

    code = "ably_key_unusable"


def check(settings: AuthSettings, secrets: Secrets) -> None:
    """Return where the key can be used.

    Raises:
        ApiKeyError: it cannot.
    """
    secret = settings.key_secret_arn
    try:
        key = secrets.read(secret).strip()
        TokenRequests(key)
    except SecretUnavailableError as exc:
        raise ApiKeyError(
            f"the Ably API key cannot be used ({exc}): put it into its secret by `aws "
            f"secretsmanager put-secret-value --secret-id {secret} --secret-string file://key`, "
            "and deploy again"
        ) from exc
    app_id = key.partition(".")[0]
    if settings.app_id and app_id != settings.app_id:
        raise ApiKeyError(
            f"the Ably API key is of the app {app_id!r}, and ably_app_id is {settings.app_id!r}: "
            "browsers would publish in the one and the rule listen in the other; put the other "
            f"app's key into the secret {secret}, or change the setting, and deploy again"
        )
