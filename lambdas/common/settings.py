"""Settings: read once from a mapping; all problems are reported together, by variable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lambdas.common.errors import SettingsError

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
_ENCRYPTED = ("require", "verify-ca", "verify-full")
_SSL_MODES = ("disable", "allow", "prefer", *_ENCRYPTED)


class SettingsReader:
    """Reads variables from a mapping and collects what is wrong with them.

    A wrong variable yields a placeholder, so that reading continues; `finish` then raises.
    An empty variable counts as absent.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._problems: list[str] = []

    def text(self, key: str, *, default: str | None = None) -> str:
        """The variable; required if there is no default."""
        value = self._environment.get(key, "").strip() or default
        if value is None:
            self._problems.append(f"{key} is missing")
            return ""
        return value

    def integer(self, key: str, *, default: int, minimum: int, maximum: int) -> int:
        """A whole number from `minimum` to `maximum`, both included."""
        value = self.optional_integer(key, default=default, minimum=minimum, maximum=maximum)
        return default if value is None else value

    def optional_integer(
        self, key: str, *, default: int | None, minimum: int, maximum: int
    ) -> int | None:
        """As `integer`; the default may be None."""
        text = self.text(key, default="" if default is None else str(default))
        if not text:
            return default
        value = int(text) if _INTEGER.fullmatch(text) else None
        if value is None or not minimum <= value <= maximum:
            self._problems.append(f"{key} must be a whole number from {minimum} to {maximum}")
            return default
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """`true` or `false`, in any case."""
        text = self.text(key, default=str(default)).lower()
        if text not in {"true", "false"}:
            self._problems.append(f"{key} must be true or false")
        return text == "true"

    def choice(self, key: str, allowed: tuple[str, ...], *, default: str) -> str:
        """One of the allowed words."""
        text = self.text(key, default=default)
        if text not in allowed:
            self._problems.append(f"{key} must be one of {', '.join(allowed)}")
            return default
        return text

    def origins(self, key: str) -> frozenset[str]:
        """Comma-separated origins such as `https://chat.example.com`, or only `*` for any."""
        names = frozenset(part.strip() for part in self.text(key, default="").split(",")) - {""}
        wrong = sorted(name for name in names - {"*"} if not _ORIGIN.fullmatch(name))
        if wrong:
            self._problems.append(f"{key} contains values that are no origin: {', '.join(wrong)}")
        if "*" in names and len(names) > 1:
            self._problems.append(f"{key} must be either * or a list of origins")
        return names

    def require(self, *, holds: bool, problem: str) -> None:
        """Report a problem between variables unless the condition holds."""
        if not holds:
            self._problems.append(problem)

    def finish(self) -> None:
        """Report the problems.

        Raises:
            SettingsError: at least one variable is wrong.
        """
        if self._problems:
            raise SettingsError(self._problems)


class DatabaseAuth(StrEnum):
    """How a function logs in to the database.

    SECRET: with the account in a secret.
    IAM: as a role of the database, with a token signed by the function's own credentials.
    SECRET_OR_IAM: with the account in a secret, or as its user by token if the password is refused.
    """

    SECRET = "secret"  # noqa: S105  # a word
    IAM = "iam"
    SECRET_OR_IAM = "secret-or-iam"  # noqa: S105  # a word


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """The database's address, and how to log in.

    Attributes:
        secret_arn: secret JSON with `username` and `password`; its `host`, `port` and `dbname`
            override the three below, which may then be empty.
        user: the role, if no secret names one.
        region: of the database, for tokens.
        ssl_mode: libpq's sslmode.
        ssl_root_cert: path of the CA bundle, empty for none.
        connect_timeout_seconds: per address of the host.
        statement_timeout_ms: the server cancels a statement that takes longer; None leaves the
            role's own setting.
    """

    auth: DatabaseAuth
    secret_arn: str
    host: str
    port: int
    name: str
    user: str
    region: str
    ssl_mode: str
    ssl_root_cert: str
    connect_timeout_seconds: int
    statement_timeout_ms: int | None

    @classmethod
    def read(
        cls, reader: SettingsReader, *, statement_timeout_ms: int | None = None
    ) -> "DatabaseSettings":
        """Read the `DB_…` variables; the argument is the default of the statement timeout."""
        auth = DatabaseAuth(
            reader.choice("DB_AUTH", tuple(DatabaseAuth), default=DatabaseAuth.SECRET)
        )
        by_secret = auth is not DatabaseAuth.IAM
        by_token = auth is not DatabaseAuth.SECRET
        settings = cls(
            auth=auth,
            secret_arn=reader.text("DB_SECRET_ARN", default=None if by_secret else ""),
            host=reader.text("DB_HOST", default="" if by_secret else None),
            port=reader.integer("DB_PORT", default=5432, minimum=1, maximum=65535),
            name=reader.text("DB_NAME", default="" if by_secret else None),
            user=reader.text("DB_USER", default="" if by_secret else None),
            region=reader.text("AWS_REGION", default=None if by_token else ""),
            ssl_mode=reader.choice("DB_SSLMODE", _SSL_MODES, default="require"),
            ssl_root_cert=reader.text("DB_SSLROOTCERT", default=""),
            connect_timeout_seconds=reader.integer(
                "DB_CONNECT_TIMEOUT_SECONDS", default=5, minimum=1, maximum=60
            ),
            statement_timeout_ms=reader.optional_integer(
                "DB_STATEMENT_TIMEOUT_MS",
                default=statement_timeout_ms,
                minimum=1,
                maximum=900_000,
            ),
        )
        reader.require(
            holds=not by_token or settings.ssl_mode in _ENCRYPTED,
            problem=f"DB_SSLMODE must be require or stricter with DB_AUTH={auth}, "
            "because a token is a password",
        )
        reader.require(
            holds=not settings.ssl_mode.startswith("verify-") or bool(settings.ssl_root_cert),
            problem=f"DB_SSLROOTCERT is required with DB_SSLMODE={settings.ssl_mode}",
        )
        return settings
