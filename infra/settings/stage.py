"""The settings of a stage: every knob with its unit and defaults, read from the CDK's context.

A knob is set, in order of precedence, by `-c name=value`, by the stage's entry under "stages" in
cdk.json, or by the default here. Nothing else is looked at: no environment, no account.
docs/configuration.md says what each is for.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Literal

from infra.settings import formats
from infra.settings.cross_checks import ENDPOINTS, FARGATE_SIZES, cross_checks
from infra.settings.fields import (
    STAGES,
    ConfigError,
    Setting,
    as_text,
    flag,
    integer,
    list_of,
    matching,
    one_number_of,
    one_of,
    optional,
    read,
    setting,
)

# What CloudWatch Logs accepts, in days.
LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653)


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """One stage's settings, all checked."""

    stage: Literal["dev", "prod"]

    # Where the code runs. The database's processor is chosen with its instance class.
    arch: Literal["arm64", "x86_64"] = setting(one_of("arm64", "x86_64"), dev="arm64")
    python: str = setting(one_of("3.11", "3.12", "3.13", "3.14"), dev="3.13")
    log_level: str = setting(one_of("DEBUG", "INFO", "WARNING", "ERROR"), dev="INFO")
    log_retention_days: int = setting(one_number_of(*LOG_RETENTION_DAYS), dev="7", prod="90")

    # Of the bootstrap that the stage is deployed through; None is the CDK's default.
    bootstrap_qualifier: str | None = setting(optional(formats.bootstrap_qualifier), dev="none")

    # Deletion and termination protection, a final snapshot, and what a removed stack leaves behind.
    protect_data: bool = setting(flag, dev="false", prod="true")

    nat_gateways: int = setting(integer(0, 2), dev="1", prod="2")
    vpc_endpoints: tuple[str, ...] = setting(list_of(one_of(*ENDPOINTS)), dev="none")
    vpc_flow_logs: bool = setting(flag, dev="false", prod="true")

    database_instance_class: str = setting(
        matching(
            r"[a-z][a-z0-9-]*\.[a-z0-9]+", "an instance class without its 'db.', such as t4g.micro"
        ),
        dev="t4g.micro",
        prod="t4g.medium",
    )
    database_storage_gib: int = setting(integer(20, 65536), dev="20")
    database_max_storage_gib: int = setting(integer(22, 65536), dev="40", prod="200")
    database_multi_az: bool = setting(flag, dev="false", prod="true")
    database_backup_days: int = setting(integer(0, 35), dev="1", prod="14")
    database_insights: bool = setting(flag, dev="false", prod="true")
    rds_proxy: bool = setting(flag, dev="false")

    function_memory_mb: int = setting(integer(128, 10240), dev="256", prod="512")

    ingest_timeout_seconds: int = setting(integer(1, 900), dev="30")
    ingest_retry_attempts: int = setting(integer(0, 2), dev="2")
    ingest_max_event_age_seconds: int = setting(integer(60, 21600), dev="21600")
    ingest_reserved_concurrency: int | None = setting(
        optional(integer(1, 1000)), dev="none", prod="20"
    )
    ingest_source: Literal["rule", "sqs"] = setting(one_of("rule", "sqs"), dev="rule")
    ingest_batch_size: int = setting(integer(1, 1000), dev="10")
    ingest_batch_window_seconds: int = setting(integer(0, 300), dev="0")
    ingest_max_content_bytes: int = setting(integer(1, 65536), dev="16384")
    ingest_max_username_bytes: int = setting(integer(1, 1024), dev="256")

    auth_mode: Literal["anonymous", "jwt"] = setting(one_of("anonymous", "jwt"), dev="anonymous")
    jwt_issuer: str | None = setting(optional(formats.issuer), dev="none")
    jwt_audience: tuple[str, ...] = setting(list_of(formats.audience), dev="none")
    token_ttl_seconds: int = setting(integer(60, 86400), dev="3600")
    history_max_limit: int = setting(integer(1, 1000), dev="200")
    allowed_origins: tuple[str, ...] = setting(list_of(formats.origin), dev="none")
    api_rate_per_second: int = setting(integer(1, 10000), dev="50", prod="500")
    api_burst_count: int = setting(integer(1, 5000), dev="100", prod="1000")

    page: bool = setting(flag, dev="true")
    page_domain: str | None = setting(optional(formats.domain), dev="none")
    page_certificate_arn: str | None = setting(optional(formats.certificate_arn), dev="none")
    page_web_acl_arn: str | None = setting(optional(formats.web_acl_arn), dev="none")

    connector_desired_count: int = setting(integer(0, 10), dev="1", prod="2")
    connector_cpu_units: int = setting(one_number_of(*FARGATE_SIZES), dev="256")
    connector_memory_mb: int = setting(integer(512, 16384), dev="512")
    connector_shards: int = setting(integer(1, 32), dev="1")
    connector_stop_timeout_seconds: int = setting(integer(20, 120), dev="30")
    container_insights: bool = setting(flag, dev="false", prod="true")

    alarm_email: str | None = setting(optional(formats.email), dev="none")
    alarm_ingest_errors: int = setting(integer(0, 100000), dev="5")
    alarm_event_age_seconds: int = setting(integer(1, 21600), dev="300")
    alarm_rejects: int = setting(integer(0, 100000), dev="10")
    alarm_database_cpu_percent: int = setting(integer(1, 100), dev="80")
    alarm_database_free_gib: int = setting(integer(1, 65536), dev="4")
    alarm_database_connections: int = setting(integer(1, 10000), dev="60", prod="250")
    alarm_outbox_age_seconds: int = setting(integer(1, 86400), dev="60", prod="30")
    alarm_publish_lag_ms: int = setting(integer(1, 86_400_000), dev="10000", prod="5000")
    alarm_publish_failures: int = setting(integer(0, 100000), dev="100")
    alarm_api_errors: int = setting(integer(0, 100000), dev="5", prod="20")

    outgoing_channel: str = setting(formats.channel, dev="outgoing-chat")
    incoming_channel: str = setting(formats.channel, dev="incoming-chat")
    ably_plan: Literal["free", "standard", "pro", "unlimited"] = setting(
        one_of("free", "standard", "pro", "unlimited"), dev="free", prod="standard"
    )
    ably_account_id: str | None = setting(optional(formats.ably_id), dev="none")
    ably_app_id: str | None = setting(optional(formats.ably_id), dev="none")
    # Not echoed: the likeliest mistake is to paste the key itself.
    ably_api_key_secret_arn: str | None = setting(
        optional(formats.secret_arn), dev="none", echo=False
    )
    # "create", an ARN, or None: the rule is then made by hand. Not echoed, as the key.
    ably_control_token_secret: str | None = setting(
        optional(formats.control_token_secret), dev="none", echo=False
    )
    ably_control_api_url: str = setting(formats.control_api_url, dev="https://control.ably.net/v1")

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> "StageConfig":
        """Read the stage and its settings from the app's whole context.

        Raises:
            ConfigError: all that is wrong, at once.
        """
        stage = as_text(context.get("stage", ""))
        if stage not in STAGES:
            choices = " or ".join(f"-c stage={name}" for name in STAGES)
            was = f", not {stage!r}" if stage else ""
            how = "`make bootstrap STAGE=dev`, `make deploy STAGE=dev` and the like do so"
            raise ConfigError([f"stage must be chosen by {choices}{was}; {how}."])
        in_file = _settings_in_file(context, stage)
        on_command_line = {name: value for name, value in context.items() if _is_setting(name)}
        problems = [
            *_unknown(in_file, where=f' in "stages" → "{stage}" of cdk.json'),
            *_unknown(on_command_line, where=""),
        ]
        values, unreadable = _read_all(stage, {**in_file, **on_command_line})
        problems += [*unreadable, *cross_checks(values)]
        if problems:
            raise ConfigError(problems)
        return cls(stage=stage, **values)  # type: ignore[arg-type]  # each field's own parser made it

    @property
    def ably_external_id(self) -> str | None:
        """What Ably shows when it assumes its role; None where the ids are not set."""
        if self.ably_account_id is None:
            return None
        return f"{self.ably_account_id}.{self.ably_app_id}"


def declared_settings() -> dict[str, Setting]:
    """Every knob's rules by its name."""
    return {
        entry.name: entry.metadata["knob"]
        for entry in fields(StageConfig)
        if "knob" in entry.metadata
    }


def _settings_in_file(context: Mapping[str, object], stage: str) -> dict[str, object]:
    stages = context.get("stages", {})
    settings = stages.get(stage, {}) if isinstance(stages, dict) else None
    if not isinstance(settings, dict):
        raise ConfigError([f'"stages" → "{stage}" in cdk.json must be an object of settings.'])
    return settings


def _is_setting(name: str) -> bool:
    # The CDK's own context keys all carry a ':', an '@' or a '-'.
    return name not in {"stage", "stages"} and re.fullmatch(r"[a-z][a-z0-9_]*", name) is not None


def _unknown(settings: Mapping[str, object], *, where: str) -> Iterator[str]:
    for name in settings:
        if name not in declared_settings():
            near = difflib.get_close_matches(name, declared_settings(), n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            yield f"{name}{where} is not a setting{hint}"


def _read_all(stage: str, given: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    values: dict[str, object] = {}
    problems: list[str] = []
    for name, rules in declared_settings().items():
        text = as_text(given[name]) if name in given else rules.defaults[stage]
        try:
            values[name] = read(name, rules, text)
        except ValueError as error:
            problems.append(str(error))
    return values, problems
