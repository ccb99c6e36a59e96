"""The settings of a stage, read from the CDK's context.

A setting comes, in order of precedence, from `-c name=value`, from the stage's entry under "stages"
in cdk.json, or from its own default. Nothing else is read: no environment, no account.
docs/configuration.md says what each is for.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Literal

from infra.settings.ably import AblySettings
from infra.settings.alarms import AlarmSettings
from infra.settings.code import CodeSettings
from infra.settings.connector import ConnectorSettings
from infra.settings.cross_checks import cross_checks
from infra.settings.data import DataSettings
from infra.settings.fields import STAGES, ConfigError, Setting, as_text, read
from infra.settings.ingest import IngestSettings
from infra.settings.web import WebSettings


@dataclass(frozen=True, kw_only=True)
class StageConfig(
    AblySettings,  # a dataclass has the fields of its last base first
    AlarmSettings,
    ConnectorSettings,
    WebSettings,
    IngestSettings,
    DataSettings,
    CodeSettings,
):
    """One stage's settings, all checked."""

    stage: Literal["dev", "prod"]

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
    """Every setting's rules by its name, in the order of the documentation."""
    return {
        field.name: field.metadata["setting"]
        for field in fields(StageConfig)
        if "setting" in field.metadata
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
