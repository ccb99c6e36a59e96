"""The access key of one local run."""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from botocore.credentials import Credentials

ACCESS_KEY_ID = "AWS_ACCESS_KEY_ID"
SECRET_ACCESS_KEY = "AWS_SECRET_ACCESS_KEY"  # noqa: S105  # the name of a variable


@dataclass(frozen=True, kw_only=True)
class RunCredentials:
    """An access key that only the services of this run accept; it belongs to no AWS account."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)

    @classmethod
    def generate(cls) -> "RunCredentials":
        """Generate a random access key."""
        alphabet = string.ascii_uppercase + string.digits
        return cls(
            access_key_id="LOCAL" + "".join(secrets.choice(alphabet) for _ in range(15)),
            secret_access_key=secrets.token_urlsafe(30),
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "RunCredentials":
        """Read the access key that the parent process set in `environment`.

        Raises:
            KeyError: if a variable is missing.
        """
        return cls(
            access_key_id=environment[ACCESS_KEY_ID],
            secret_access_key=environment[SECRET_ACCESS_KEY],
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables from which AWS SDKs read the key."""
        return {
            ACCESS_KEY_ID: self.access_key_id,
            SECRET_ACCESS_KEY: self.secret_access_key,
        }

    @property
    def for_botocore(self) -> Credentials:
        """The same key as botocore credentials."""
        return Credentials(self.access_key_id, self.secret_access_key)
