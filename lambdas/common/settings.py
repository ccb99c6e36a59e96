"""Settings: read once from a mapping, every problem reported together by the variable's name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.common.errors import SettingsError

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


class SettingsReader:
    """Reads variables from a mapping and collects what is wrong with them.

    A wrong variable yields a harmless stand-in, so that reading goes on; `finish` then raises.
    A variable that is empty counts as absent.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._problems: list[str] = []

    def text(self, key: str, *, default: str | None = None) -> str:
        """The variable; required where there is no default."""
        value = self._environment.get(key, "").strip() or default
        if value is None:
            self._problems.append(f"{key} is missing")
            return ""
        return value

    def integer(self, key: str, *, default: int, minimum: int, maximum: int) -> int:
        """A whole number from `minimum` to `maximum`, both included."""
        text = self.text(key, default=str(default))
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
        return text

    def origins(self, key: str) -> frozenset[str]:
        """Comma-separated origins such as `https://chat.example.com`, or `*` alone for any."""
        names = frozenset(part.strip() for part in self.text(key, default="").split(",")) - {""}
        wrong = sorted(name for name in names - {"*"} if not _ORIGIN.fullmatch(name))
        if wrong:
            self._problems.append(f"{key} holds what is no origin: {', '.join(wrong)}")
        if "*" in names and len(names) > 1:
            self._problems.append(f"{key} must be either * or a list of origins")
        return names

    def require(self, *, holds: bool, problem: str) -> None:
        """Report a problem between several variables unless the condition holds."""
        if not holds:
            self._problems.append(problem)

    def finish(self) -> None:
        """End the reading.

        Raises:
            SettingsError: at least one variable is wrong.
        """
        if self._problems:
            raise SettingsError(self._problems)


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """Where the database is; the account comes from the secret.

    Attributes:
        secret_arn: secret JSON with `username` and `password`; its `host`, `port` and `dbname`
            win over the three below, which may then be empty.
        ssl_mode: libpq's sslmode.
        ssl_root_cert: path of the CA bundle, empty for none.
        connect_timeout_seconds: per address of the host.
        statement_timeout_ms: the server cancels a statement that takes longer.
    """

    secret_arn: str
    host: str
    port: int
    name: str
    ssl_mode: str
    ssl_root_cert: str
    connect_timeout_seconds: int
    statement_timeout_ms: int

    @classmethod
    def read(
        cls, reader: SettingsReader, *, statement_timeout_ms: int = 10_000
    ) -> "DatabaseSettings":
        """Read the `DATABASE_…` variables; the timeout given is the function's default."""
        settings = cls(
            secret_arn=reader.text("DATABASE_SECRET_ARN"),
            host=reader.text("DATABASE_HOST", default=""),
            port=reader.integer("DATABASE_PORT", default=5432, minimum=1, maximum=65535),
            name=reader.text("DATABASE_NAME", default=""),
            ssl_mode=reader.choice("DATABASE_SSL_MODE", _SSL_MODES, default="require"),
            ssl_root_cert=reader.text("DATABASE_SSL_ROOT_CERT", default=""),
            connect_timeout_seconds=reader.integer(
                "DATABASE_CONNECT_TIMEOUT_SECONDS", default=5, minimum=1, maximum=60
            ),
            statement_timeout_ms=reader.integer(
                "DATABASE_STATEMENT_TIMEOUT_MS",
                default=statement_timeout_ms,
                minimum=1,
                maximum=900_000,
            ),
        )
        reader.require(
            holds=not settings.ssl_mode.startswith("verify-") or bool(settings.ssl_root_cert),
            problem=f"DATABASE_SSL_ROOT_CERT is needed by DATABASE_SSL_MODE={settings.ssl_mode}",
        )
        return settings
