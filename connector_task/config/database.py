"""The settings of the connection to Postgres."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, ValidationInfo, field_validator
from pydantic.config import JsonDict

from connector_task.config.choices import DatabaseAuth, SslMode
from connector_task.config.declaration import Section, Text, conflict, missing, setting

VERIFYING = (SslMode.VERIFY_CA, SslMode.VERIFY_FULL)
ENCRYPTED = (SslMode.REQUIRE, *VERIFYING)


def _existing(path: str) -> str:
    try:
        exists = Path(path).is_file()
    except OSError as exc:  # a name that is too long, a folder that may not be read
        raise ValueError from exc
    if not exists:
        raise ValueError
    return path


# What the validators below check of two settings together.
_SCHEMA: JsonDict = {
    "allOf": [
        {
            "if": {"properties": {"auth": {"const": "iam"}}, "required": ["auth"]},
            "then": {
                "required": ["region", "sslmode"],
                "properties": {"sslmode": {"enum": list(ENCRYPTED)}},
            },
            "else": {"required": ["password"]},
        },
        {
            "if": {"properties": {"sslmode": {"enum": list(VERIFYING)}}, "required": ["sslmode"]},
            "then": {"required": ["sslrootcert"]},
        },
    ]
}


_ABSENT: Any = None  # the validator of the password replaces it, or refuses it as missing


class DatabaseSettings(Section):
    """Where Postgres is and how to log in."""

    model_config = ConfigDict(json_schema_extra=_SCHEMA)

    host: Annotated[
        Text,
        setting(
            "host",
            "Postgres itself: not RDS Proxy and not PgBouncer in transaction mode, because LISTEN "
            "and the leader's lock belong to a session",
            variable="DB_HOST",
        ),
    ]
    port: Annotated[int, setting("port", "TCP port", variable="DB_PORT", ge=1, le=65535)]
    user: Annotated[Text, setting("user", "role that installs and relays", variable="DB_USER")]
    auth: Annotated[
        DatabaseAuth,
        setting(
            "auth",
            "how the role logs in; `iam`, on RDS, makes a token for each connection from the "
            "task's own credentials",
            variable="DB_AUTH",
        ),
    ] = DatabaseAuth.PASSWORD
    region: Annotated[
        Text | None,
        setting(
            "region",
            "AWS region of the database",
            variable="DB_REGION",
            note="required with `iam`",
        ),
    ] = None
    password: Annotated[
        str,
        setting(
            "password",
            "password of the role; may be empty",
            variable="DB_PASSWORD",
            expects="a text",
            note="required, but not with `iam`",
            secret=True,
            may_be_empty=True,
        ),
    ] = _ABSENT
    database: Annotated[Text, setting("database", "name of the database", variable="DB_NAME")]
    sslmode: Annotated[
        SslMode,
        setting(
            "sslmode",
            "libpq's `sslmode`; `iam` needs one of the last three",
            variable="DB_SSLMODE",
        ),
    ] = SslMode.PREFER
    sslrootcert: Annotated[
        Annotated[Text, AfterValidator(_existing)] | None,
        setting(
            "sslrootcert",
            "PEM file of trusted authorities. `connector_task/certificates/amazon.pem`, which the "
            "image has too, contains those of RDS",
            variable="DB_SSLROOTCERT",
            expects="the path of a file that exists",
            note="required with `verify-ca` and `verify-full`",
        ),
    ] = None

    @field_validator("region")
    @classmethod
    def _region_of_token(cls, region: str | None, info: ValidationInfo) -> str | None:
        if region is None and info.data.get("auth") is DatabaseAuth.IAM:
            raise conflict("missing, {auth} iam needs it")
        return region

    @field_validator("password", mode="before")
    @classmethod
    def _password_or_token(cls, password: object, info: ValidationInfo) -> object:
        if password is not None:
            return password
        if info.data.get("auth") is DatabaseAuth.IAM:
            return ""
        raise missing()

    @field_validator("sslmode")
    @classmethod
    def _encrypted_token(cls, mode: SslMode, info: ValidationInfo) -> SslMode:
        if info.data.get("auth") is DatabaseAuth.IAM and mode not in ENCRYPTED:
            raise conflict("must be require, verify-ca or verify-full, {auth} iam sends a token")
        return mode

    @field_validator("sslrootcert")
    @classmethod
    def _trusted_authorities(cls, path: str | None, info: ValidationInfo) -> str | None:
        mode = info.data.get("sslmode")
        if path is None and mode in VERIFYING:
            raise conflict(f"missing, {{sslmode}} {mode} needs it")
        return path
