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
    """An access key that the run's own services take; no AWS account knows it."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)

    @classmethod
    def generate(cls) -> "RunCredentials":
        """An access key that nobody can guess."""
        alphabet = string.ascii_uppercase + string.digits
        return cls(
            access_key_id="LOCAL" + "".join(secrets.choice(alphabet) for _ in range(15)),
            secret_access_key=secrets.token_urlsafe(30),
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "RunCredentials":
        """The access key that `environment` of the parent has set.

        Raises:
            KeyError: there is none.
        """
        return cls(
            access_key_id=environment[ACCESS_KEY_ID],
            secret_access_key=environment[SECRET_ACCESS_KEY],
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which AWS SDKs find it."""
        return {
            ACCESS_KEY_ID: self.access_key_id,
            SECRET_ACCESS_KEY: self.secret_access_key,
        }

    @property
    def for_botocore(self) -> Credentials:
        """The same for botocore."""
        return Credentials(self.access_key_id, self.secret_access_key)
