"""What all functions have in common, and that their own code accepts the environment they get."""

from collections.abc import Callable
from typing import Any

import pytest

from lambdas.auth.settings import AuthSettings
from lambdas.common.settings import DatabaseSettings, SettingsReader
from lambdas.history.settings import HistorySettings
from lambdas.ingest.settings import IngestSettings
from tests.infra.synthesis import Resource, Stage, Template

FUNCTIONS = ("auth", "deploy_step", "history", "ingest", "migrate")
Parse = Callable[[dict[str, str]], Any]


def _migrate_settings(environment: dict[str, str]) -> DatabaseSettings:
    reader = SettingsReader(environment)
    settings = DatabaseSettings.read(reader)
    reader.finish()
    return settings


def _environment(template: Template, name: str) -> dict[str, str]:
    """A function's environment, with a word for each value that only a deploy knows."""
    variables = template.function(name)["Environment"]["Variables"]
    known = {
        key: value if isinstance(value, str) else "known-at-deploy"
        for key, value in variables.items()
    }
    # The region is Lambda's to say, and the port a number.
    return {
        "AWS_REGION": "eu-west-1",
        **known,
        **({"DB_PORT": "5432"} if "DB_PORT" in known else {}),
    }


@pytest.mark.parametrize(
    ("name", "parse"),
    [
        ("auth", AuthSettings.parse),
        ("history", HistorySettings.parse),
        ("ingest", IngestSettings.parse),
        ("migrate", _migrate_settings),
    ],
)
def test_the_function_accepts_the_environment_it_is_given(
    dev: Stage, prod: Stage, name: str, parse: Parse
) -> None:
    parse(_environment(dev.service, name))
    parse(_environment(prod.service, name))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_runtime_and_processor_are_those_configured(dev: Stage, prod: Stage, name: str) -> None:
    for stage, runtime, arch in ((dev, "python3.13", "arm64"), (prod, "python3.14", "x86_64")):
        function = stage.service.function(name)
        assert (function["Runtime"], function["Architectures"]) == (runtime, [arch])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_metrics_and_logs_carry_the_functions_name(dev: Stage, name: str) -> None:
    variables = dev.service.function(name)["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == name
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "AblyPostgres"
    assert variables["STAGE"] == "dev"


def test_every_log_group_of_ours_expires_and_is_kept_only_in_prod(dev: Stage, prod: Stage) -> None:
    for stage, days, policy in ((dev, 7, "Delete"), (prod, 90, "Retain")):
        groups = [
            group
            for template in (stage.stateful, stage.service)
            for group in template.of_type("AWS::Logs::LogGroup").values()
        ]
        assert {group["Properties"]["RetentionInDays"] for group in groups} == {days}
        assert {group["DeletionPolicy"] for group in groups} == {policy}


@pytest.mark.parametrize("stack", ["stateful", "service"])
def test_every_function_the_cdks_own_too_logs_to_a_group_of_ours(
    dev: Stage, prod: Stage, queued: Stage, stack: str
) -> None:
    for stage in (dev, prod, queued):
        template: Template = getattr(stage, stack)
        groups = template.of_type("AWS::Logs::LogGroup")
        for name, function in template.of_type("AWS::Lambda::Function").items():
            if name.startswith("LogRetention"):  # gives its own group a day by itself
                continue
            assert function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] in groups, name


def test_no_template_holds_a_secret(dev: Stage, prod: Stage) -> None:
    for stage in (dev, prod):
        for template in (stage.stateful, stage.service):
            for made in template.resources.values():
                properties = made.get("Properties", {})
                assert "SecretString" not in properties
                # A dynamic reference is resolved by CloudFormation, never written down.
                password = properties.get("MasterUserPassword")
                assert password is None or "{{resolve:secretsmanager:" in str(password)


def _step(stage: Stage, name: str) -> tuple[str, Resource]:
    """The one run of a function at deploy whose logical id begins so."""
    (step,) = [
        (key, made)
        for key, made in stage.service.of_type("Custom::DeployStep").items()
        if key.startswith(name)
    ]
    return step


def test_the_schema_is_migrated_before_anything_uses_it(dev: Stage) -> None:
    step, _ = _step(dev, "Migrate")
    for type_, name in (
        ("AWS::ECS::Service", "Connector"),
        ("AWS::Lambda::Function", "Ingest"),
        ("AWS::Lambda::Function", "History"),
    ):
        (dependent,) = [made for key, made in dev.service.of_type(type_).items() if name in key]
        assert step in dependent["DependsOn"]


def test_the_ably_key_is_looked_at_before_the_schema_is_migrated(dev: Stage, prod: Stage) -> None:
    for stage, app_id in ((dev, ""), (prod, "aBCdEf")):
        check, made = _step(stage, "KeyCheck")
        (auth,) = [
            version
            for key, version in stage.service.of_type("AWS::Lambda::Version").items()
            if {"Ref": key} == made["Properties"]["HandlerArn"]
        ]
        assert "HttpApiAuthFunction" in auth["Properties"]["FunctionName"]["Ref"]
        assert check in _step(stage, "Migrate")[1]["DependsOn"]
        variables = stage.service.function("auth")["Environment"]["Variables"]
        assert variables["ABLY_APP_ID"] == app_id


def test_the_schema_is_migrated_only_once_the_database_can_be_reached(dev: Stage) -> None:
    _, step = _step(dev, "Migrate")
    rules = [
        name
        for name in dev.service.of_type(
            "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"
        )
        if name.startswith("FunctionGroup")
    ]
    assert len(rules) == 2
    assert set(rules) <= set(step["DependsOn"])
