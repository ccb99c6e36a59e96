"""The account that a function logs in to Postgres with: from a secret, or a role by IAM token.

Migrate logs in with a secret, and so does every function in the local run and in tests. With IAM
there is nothing to rotate: the function's own credentials sign the token.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Protocol

from lambdas.common.errors import SecretUnavailableError
from lambdas.common.rds_token import rds_token
from lambdas.common.secrets import Secrets
from lambdas.common.settings import DatabaseAuth, DatabaseSettings


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user, and the server and database to connect to.

    Attributes:
        password: None if each connection needs a new token.
    """

    host: str
    port: int
    dbname: str
    user: str
    password: str | None = field(repr=False)


class Accounts(Protocol):
    """Provides the account."""

    def current(self) -> Account:
        """The account to use now; the caller closes a connection with another account.

        Raises:
            SecretUnavailableError: the account cannot be read.
        """
        ...

    def renewed(self) -> Account:
        """The account to use after the server refused the current one; it may be the same.

        Raises:
            SecretUnavailableError: the account cannot be read.
        """
        ...


def accounts_from(settings: DatabaseSettings, secrets: Secrets) -> Accounts:
    """The accounts that the settings select."""
    if settings.auth is DatabaseAuth.IAM:
        return IamAccounts(settings)
    if settings.auth is DatabaseAuth.SECRET_OR_IAM:
        return SecretOrIamAccounts(settings, secrets)
    return SecretAccounts(settings, secrets)


def password(account: Account, settings: DatabaseSettings) -> str:
    """The password of a new connection.

    Raises:
        SecretUnavailableError: there are no credentials to sign a token with.
    """
    if account.password is not None:
        return account.password
    return rds_token(
        host=account.host, port=account.port, user=account.user, region=settings.region
    )


class SecretAccounts:
    """The account in a secret, read again when its time is up or the server refused it."""

    def __init__(self, settings: DatabaseSettings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets

    def current(self) -> Account:
        """See `Accounts`."""
        return self._parse(self._secrets.get(self._settings.secret_arn))

    def renewed(self) -> Account:
        """See `Accounts`; the cached secret may be outdated, whatever the cause of the refusal."""
        return self._parse(self._secrets.read(self._settings.secret_arn))

    def _parse(self, secret: str) -> Account:
        try:
            values = json.loads(secret)
            account = Account(
                host=str(values.get("host") or self._settings.host),
                port=int(values.get("port") or self._settings.port),
                dbname=str(values.get("dbname") or self._settings.name),
                user=str(values["username"]),
                password=str(values["password"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            # `from None`: the cause's text may quote the secret.
            raise SecretUnavailableError(
                "unable to read the database secret; "
                "it must be a JSON object with username and password"
            ) from None
        if not account.host or not account.dbname:
            raise SecretUnavailableError(
                "unable to read the database secret; "
                "neither the secret nor DB_HOST and DB_NAME have host and dbname"
            )
        return account


class SecretOrIamAccounts:
    """The account in a secret, with a token if the server refuses its password.

    RDS refuses the password of a member of `rds_iam`, also of an indirect one. Since Postgres 16 a
    user that creates a role is a member of it. So the master user, which makes the roles that log
    in by IAM, may have to log in by IAM too.
    """

    def __init__(self, settings: DatabaseSettings, secrets: Secrets) -> None:
        self._secret = SecretAccounts(settings, secrets)

    def current(self) -> Account:
        """See `Accounts`."""
        return self._secret.current()

    def renewed(self) -> Account:
        """See `Accounts`."""
        kept, read = self._secret.current(), self._secret.renewed()
        return read if read != kept else replace(read, password=None)


class IamAccounts:
    """The role that the settings name; a connection stays open after its token has expired."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._account = Account(
            host=settings.host,
            port=settings.port,
            dbname=settings.name,
            user=settings.user,
            password=None,
        )

    def current(self) -> Account:
        """See `Accounts`."""
        return self._account

    def renewed(self) -> Account:
        """See `Accounts`."""
        return self._account
