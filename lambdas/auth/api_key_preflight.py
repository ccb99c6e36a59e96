"""The deploy's check of the Ably API key: does it exist, and does it belong to the right app?

Without this check a bad key would appear only in logs. Here the deploy fails, and its event says
what to do. The check does not call Ably, so it does not find a revoked key.
"""

from lambdas.auth.settings import AuthSettings
from lambdas.auth.tokens import TokenRequests
from lambdas.common.errors import FunctionError, SecretUnavailableError
from lambdas.common.secrets import Secrets


class ApiKeyError(FunctionError):
    """The Ably API key is missing, malformed, or of another app; the message says what to do."""

    code = "ably_key_unusable"


def check(settings: AuthSettings, secrets: Secrets) -> None:
    """Return if the key can be used.

    Raises:
        ApiKeyError: the key cannot be used.
    """
    secret = settings.key_secret_arn
    try:
        key = secrets.read(secret).strip()
        TokenRequests(key)
    except SecretUnavailableError as exc:
        raise ApiKeyError(
            f"the Ably API key cannot be used ({exc}): put it into its secret with `aws "
            f"secretsmanager put-secret-value --secret-id {secret} --secret-string file://key`, "
            "and deploy again"
        ) from exc
    app_id = key.partition(".")[0]
    if settings.app_id and app_id != settings.app_id:
        raise ApiKeyError(
            f"the Ably API key belongs to the app {app_id!r}, but ably_app_id is "
            f"{settings.app_id!r}: browsers would publish in one app and the rule would listen in "
            f"the other; put the key of {settings.app_id!r} into the secret {secret}, or change "
            "ably_app_id, and deploy again"
        )
