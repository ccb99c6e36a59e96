"""Secrets Manager: values cached for a while, never logged."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

# At the top deliberately: every function needs a secret in its first invocation, and the import is
# cheapest during Lambda's initialization, which has a whole processor at every memory size.
import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.errors import SecretUnavailableError
from lambdas.common.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

DEFAULT_TTL_SECONDS = 300.0


class Secrets:
    """Reads secret strings; one object per execution environment.

    A value is cached for `ttl_seconds`. If Secrets Manager does not answer after that, the cached
    value stays in use, so that an outage there does not stop a running function.
    """

    def __init__(
        self,
        *,
        ttl_seconds: float = DEFAULT_TTL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._values: dict[str, str] = {}
        self._due: dict[str, float] = {}

    def get(self, secret_id: str) -> str:
        """The secret's string, from the cache if it is fresh.

        Raises:
            SecretUnavailableError: it is not cached and cannot be read.
        """
        if self._clock() < self._due.get(secret_id, float("-inf")):
            return self._values[secret_id]
        try:
            return self.read(secret_id)
        except SecretUnavailableError as exc:
            if secret_id not in self._values:
                raise
            logger().warning(
                "secret not refreshed, using the cached value",
                extra={"action": "read_secret", "error_code": exc.code},
            )
            self._due[secret_id] = self._clock() + self._ttl_seconds
            return self._values[secret_id]

    def read(self, secret_id: str) -> str:
        """The secret's current string.

        Raises:
            SecretUnavailableError: it cannot be read, or has no string.
        """
        try:
            value = self._client.get_secret_value(SecretId=secret_id).get("SecretString")
        except (BotoCoreError, ClientError) as exc:
            raise SecretUnavailableError(f"unable to read a secret; {_reason(exc)}") from exc
        if not value:
            raise SecretUnavailableError("unable to read a secret; it has no string value")
        self._values[secret_id] = value
        self._due[secret_id] = self._clock() + self._ttl_seconds
        return value

    @cached_property
    def _client(self) -> "SecretsManagerClient":
        config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard"})
        return boto3.client("secretsmanager", config=config)


def _reason(exc: BotoCoreError | ClientError) -> str:
    """AWS's error code, or the type of the failure; not the text, which may quote the request."""
    if isinstance(exc, ClientError):
        return str(exc.response.get("Error", {}).get("Code", "unknown error"))
    return type(exc).__name__
