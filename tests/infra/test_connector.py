"""The connector's service: how it is replaced, what it may touch, and what it is told."""

import json
from typing import Any

import pytest

from connector_task.capture.installer import Installer
from connector_task.config.choices import DatabaseAuth, SslMode
from connector_task.config.sources import load
from lambdas.migrate import migrations, roles, schema
from tests.fakes.logger import MemoryLogger
from tests.fixtures.connector import database_settings, query
from tests.infra.synthesis import ROOT, Resource, Stage
from tests.integration.lambdas.conftest import opened


def _containers(stage: Stage) -> dict[str, Resource]:
    task = stage.service.properties("AWS::ECS::TaskDefinition")
    return {container["Name"]: dict(container) for container in task["ContainerDefinitions"]}


def _container(stage: Stage) -> Resource:
    return _containers(stage)["connector"]


def _complete(variables: dict[str, Any]) -> dict[str, str]:
    """What a container's process sees: with what only a deploy knows."""
    known = {"DB_HOST": "database", "DB_PORT": "5432", "DB_REGION": "eu-west-1"}
    return {**variables, **known, "ABLY_API_KEY": "app.key:secret"}


def _variables(container: Resource) -> dict[str, Any]:
    return {entry["Name"]: entry["Value"] for entry in container["Environment"]}


def test_new_tasks_start_before_the_old_ones_stop_and_a_bad_one_is_rolled_back(dev: Stage) -> None:
    deployment = dev.service.properties("AWS::ECS::Service")["DeploymentConfiguration"]
    assert deployment["MinimumHealthyPercent"] == 100
    assert deployment["MaximumPercent"] == 200
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_prod_runs_a_standby_beside_the_leader(dev: Stage, prod: Stage) -> None:
    assert dev.service.properties("AWS::ECS::Service")["DesiredCount"] == 1
    assert prod.service.properties("AWS::ECS::Service")["DesiredCount"] == 2


def test_the_tasks_have_no_public_address(dev: Stage) -> None:
    network = dev.service.properties("AWS::ECS::Service")["NetworkConfiguration"]
    assert network["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"


@pytest.mark.parametrize("name", ["install", "connector"])
def test_the_container_is_no_root_and_writes_no_file(dev: Stage, name: str) -> None:
    container = _containers(dev)[name]
    assert container["User"] == "10001:10001"
    assert container["ReadonlyRootFilesystem"] is True


def test_the_key_is_injected_and_not_written_into_the_task(dev: Stage) -> None:
    for container in _containers(dev).values():
        assert [secret["Name"] for secret in container["Secrets"]] == ["ABLY_API_KEY"]
        assert "ABLY_API_KEY" not in _variables(container)


def test_every_change_of_the_chat_goes_out_on_the_incoming_channel(dev: Stage) -> None:
    mappings = json.loads(_variables(_container(dev))["ABLY_CONNECTOR"])
    assert [mapping["operation"] for mapping in mappings] == ["INSERT", "UPDATE", "DELETE"]
    assert {(m["tablename"], m["ablychannelname"]) for m in mappings} == {
        ("chat_data", "incoming-chat")
    }


def test_a_deletion_says_which_message_is_gone_and_not_what_it_said(
    dev: Stage, database_url: str
) -> None:
    with opened(database_url) as cursor:
        schema.bring_up_to_date(cursor, migrations.load())
    mappings = load(None, _complete(_variables(_containers(dev)["install"]))).mappings
    Installer(database_settings(database_url), mappings, MemoryLogger()).install()
    insert = "INSERT INTO chat_data (msg_id, username, msg_data, client_id) VALUES (%s, %s, %s, %s)"
    query(database_url, insert, "m1", "ann", "regretted", "ann-1")
    query(database_url, "DELETE FROM chat_data")
    events = query(database_url, "SELECT name, data::json FROM ably.outbox ORDER BY id")
    assert [name for name, _ in events] == ["INSERT", "DELETE"]
    assert events[1][1] == {"table": "chat_data", "type": "DELETE", "row": {"msg_id": "m1"}}


@pytest.mark.parametrize("name", ["install", "connector"])
def test_the_connector_accepts_the_environment_it_is_given(
    dev: Stage, prod: Stage, name: str
) -> None:
    for stage in (dev, prod):
        settings = load(None, _complete(_variables(_containers(stage)[name])))
        assert settings.stage in {"dev", "prod"}
        assert settings.health_port
        assert len(settings.mappings) == 3
        assert settings.database.auth is DatabaseAuth.IAM
        assert settings.database.sslmode is SslMode.VERIFY_FULL


def test_the_owner_installs_and_another_role_relays_once_that_has_succeeded(dev: Stage) -> None:
    containers = _containers(dev)
    install, relay = containers["install"], containers["connector"]
    assert install["Command"] == ["install"]
    assert install["Essential"] is False
    assert _variables(install)["DB_USER"] == roles.OWNER
    assert _variables(install)["CONNECTOR_RUN_ROLE"] == _variables(relay)["DB_USER"]
    assert _variables(relay)["DB_USER"] == roles.CONNECTOR
    assert load(None, _complete(_variables(relay))).install is False
    assert relay["DependsOn"] == [{"Condition": "SUCCESS", "ContainerName": "install"}]
    assert install["Image"] == relay["Image"]


def test_the_container_reports_its_health_and_has_time_to_finish_its_batch(dev: Stage) -> None:
    container = _container(dev)
    assert container["HealthCheck"]["Command"] == [
        "CMD",
        "python",
        "-m",
        "connector_task",
        "health",
    ]
    assert container["StopTimeout"] > int(_variables(container)["CONNECTOR_SHUTDOWN_SECONDS"])


def test_a_slow_cloudwatch_does_not_hold_up_the_connector(dev: Stage) -> None:
    options = _container(dev)["LogConfiguration"]["Options"]
    assert options["mode"] == "non-blocking"
    assert options["max-buffer-size"]


def test_the_task_runs_on_the_configured_processor(dev: Stage, prod: Stage) -> None:
    for stage, processor in ((dev, "ARM64"), (prod, "X86_64")):
        platform = stage.service.properties("AWS::ECS::TaskDefinition")["RuntimePlatform"]
        assert platform["CpuArchitecture"] == processor
        (asset,) = json.loads(next(stage.folder.glob("*-service.assets.json")).read_text())[
            "dockerImages"
        ].values()
        expected = "linux/arm64" if processor == "ARM64" else "linux/amd64"
        assert asset["source"]["platform"] == expected


def test_the_image_is_built_from_the_package_and_its_lock_alone(dev: Stage) -> None:
    (manifest,) = dev.folder.glob("*-service.assets.json")
    (asset,) = json.loads(manifest.read_text())["dockerImages"].values()
    context = dev.folder / asset["source"]["directory"]
    files = {path.relative_to(context).as_posix() for path in context.rglob("*") if path.is_file()}
    source = ROOT / "connector_task"
    patterns = ("**/*.py", "**/*.sql", "certificates/*")
    found = [path for pattern in patterns for path in source.glob(pattern)]
    expected = {path.relative_to(source).as_posix() for path in found}
    assert files == expected | {"Dockerfile", ".dockerignore", "requirements.txt"}


def test_the_running_task_may_log_in_to_the_database_and_nothing_else(dev: Stage) -> None:
    role = dev.service.properties("AWS::ECS::TaskDefinition")["TaskRoleArn"]
    statements = dev.service.statements_of(role)
    assert {statement["Action"] for statement in statements} == {"rds-db:connect"}


def test_the_service_waits_for_what_its_tasks_need_to_start(dev: Stage) -> None:
    (service,) = dev.service.of_type("AWS::ECS::Service").values()
    needed = [
        name
        for name in dev.service.of_type(
            "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress", "AWS::IAM::Policy"
        )
        if name.startswith(("ConnectorGroup", "ConnectorTaskExecutionRole"))
    ]
    assert len(needed) == 3
    assert set(needed) <= set(service["DependsOn"])
