"""Whom a function connects to Postgres as: the account of a secret, or a role by IAM token.

A secret is how the owner logs in at deploy, and how the local run and the tests let everybody in.
With IAM there is nothing to rotate: the token is made from the function's own credentials.
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
    """Whom to connect as, and where to.

    Attributes:
        password: None where a token is made for each connection.
    """

    host: str
    port: int
    dbname: str
    user: str
    password: str | None = field(repr=False)


class Accounts(Protocol):
    """Where the account comes from."""

    def current(self) -> Account:
        """The account to use now; a connection of another one is given up.

        Raises:
            SecretUnavailableError: it cannot be read.
        """
        ...

    def renewed(self) -> Account:
        """The account after the current one was refused; the same where there is no other.

        Raises:
            SecretUnavailableError: it cannot be read.
        """
        ...


def accounts(settings: DatabaseSettings, secrets: Secrets) -> Accounts:
    """The accounts that the settings ask for."""
    if settings.auth is DatabaseAuth.IAM:
        return IamAccounts(settings)
    if settings.auth is DatabaseAuth.SECRET_OR_IAM:
        return SecretOrIamAccounts(settings, secrets)
    return SecretAccounts(settings, secrets)


def password(account: Account, settings: DatabaseSettings) -> str:
    """The password of a new connection.

    Raises:
        SecretUnavailableError: there are no credentials to make a token with.
    """
    if account.password is not None:
        return account.password
    return rds_token(
        host=account.host, port=account.port, user=account.user, region=settings.region
    )


class SecretAccounts:
    """The account that a secret holds, read again when it is due or was refused."""

    def __init__(self, settings: DatabaseSettings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets

    def current(self) -> Account:
        """See `Accounts`."""
        return self._parse(self._secrets.get(self._settings.secret_arn))

    def renewed(self) -> Account:
        """See `Accounts`: whatever the refusal's cause, the kept secret may be of yesterday."""
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
                "host and dbname are neither in it nor in DB_HOST and DB_NAME"
            )
        return account


class SecretOrIamAccounts:
    """The account of a secret, by token where its password is refused.

    RDS takes no password from whoever is a member of `rds_iam`, were it by way of another role; and
    since Postgres 16 whoever creates a role is a member of it. So the owner that has let other
    roles in by IAM may find that it has to come in by IAM itself.
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
    """The role that the settings name; its connections outlive their tokens."""

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
