"""Where the code runs, and what it logs."""

from dataclasses import dataclass
from typing import Literal, get_args

from infra.settings import formats
from infra.settings.fields import integer, one_number_of, one_of, optional, setting

Arch = Literal["arm64", "x86_64"]
# What CloudWatch Logs accepts, in days.
LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653)


@dataclass(frozen=True, kw_only=True)
class CodeSettings:
    """The database's processor is chosen with its instance class."""

    arch: Arch = setting(
        "processor of the functions and of the connector. The image of the connector for a "
        "processor that the build machine does not have needs emulation in Docker",
        one_of(*get_args(Arch)),
        dev="arm64",
    )
    python: str = setting(
        "Python of the functions' runtime", one_of("3.11", "3.12", "3.13", "3.14"), dev="3.13"
    )
    log_level: str = setting(
        "the least severe log lines of functions and connector that are written",
        one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        dev="INFO",
    )
    log_retention_days: int = setting(
        "time that log groups keep their lines",
        one_number_of(*LOG_RETENTION_DAYS, unit="days"),
        dev="7",
        prod="90",
    )
    bootstrap_qualifier: str | None = setting(
        "the stage has a bootstrap of its own with this qualifier, `CDKToolkit-<qualifier>`, next "
        "to others in the account. `make bootstrap` makes it, every other command uses it. `none` "
        "is the CDK's default, or its context key `@aws-cdk/core:bootstrapQualifier`",
        optional(formats.bootstrap_qualifier),
        dev="none",
    )
    function_memory_mb: int = setting(
        "memory of each function; its share of a processor grows with it",
        integer(128, 10240, unit="MB"),
        dev="256",
        prod="512",
    )
