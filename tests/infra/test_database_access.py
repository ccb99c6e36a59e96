"""Who may log in to the database, as which role, by what proof, and over which way."""

import json
from typing import Any

import pytest

from infra.data import database_roles
from lambdas.migrate import roles
from tests.infra.synthesis import ROOT, Resource, Stage


def _variables(stage: Stage, name: str) -> dict[str, Any]:
    return dict(stage.service.function(name)["Environment"]["Variables"])


def _logins(stage: Stage, role: Any) -> set[str]:
    """As whom a role of AWS may connect to the database."""
    found: set[str] = set()
    for statement in stage.service.statements_of(role):
        if statement["Action"] == "rds-db:connect":
            resources = statement["Resource"]
            for arn in resources if isinstance(resources, list) else [resources]:
                found.add(arn["Fn::Join"][1][-1].rpartition("/")[2])
    return found


def _managed_policies(stage: Stage, role: Any) -> list[object]:
    properties = stage.service.resources[role["Fn::GetAtt"][0]]["Properties"]
    return list(properties.get("ManagedPolicyArns", []))


def test_the_roles_are_those_that_migrate_makes() -> None:
    named = (database_roles.OWNER, database_roles.CHAT, database_roles.CONNECTOR)
    assert named == (roles.OWNER, roles.CHAT, roles.CONNECTOR)


def test_each_part_may_log_in_as_its_own_role_alone(dev: Stage, prod: Stage) -> None:
    for stage in (dev, prod):
        task = stage.service.properties("AWS::ECS::TaskDefinition")["TaskRoleArn"]
        logins = {
            name: _logins(stage, stage.service.function(name)["Role"])
            for name in ("auth", "history", "ingest", "migrate")
        }
        assert logins == {
            "auth": set(),
            "history": {roles.CHAT},
            "ingest": {roles.CHAT},
            "migrate": {"postgres"},
        }
        # Containers of a task share one role of AWS.
        assert _logins(stage, task) == {roles.OWNER, roles.CONNECTOR}


@pytest.mark.parametrize("name", ["history", "ingest"])
def test_the_chat_is_read_and_written_by_iam_without_a_secret(dev: Stage, name: str) -> None:
    variables = _variables(dev, name)
    assert variables["DB_AUTH"] == "iam"
    assert variables["DB_USER"] == roles.CHAT
    assert "DB_SECRET_ARN" not in variables


def test_only_migrate_reads_the_master_users_secret(dev: Stage, prod: Stage) -> None:
    for stage in (dev, prod):
        readers = [
            name
            for name, policy in stage.service.of_type("AWS::IAM::Policy").items()
            if "DatabaseInstanceSecret" in json.dumps(policy)
        ]
        assert [name for name in readers if not name.startswith("MigrateRole")] == []
        assert readers
        variables = _variables(stage, "migrate")
        assert variables["DB_AUTH"] == "secret-or-iam"
        assert "Secret" in variables["DB_SECRET_ARN"]["Fn::GetStackOutput"]["OutputName"]


@pytest.mark.parametrize("name", ["history", "ingest", "migrate"])
def test_whoever_answers_as_the_database_is_verified(dev: Stage, name: str) -> None:
    variables = _variables(dev, name)
    assert variables["DB_SSLMODE"] == "verify-full"
    assert (ROOT / variables["DB_SSLROOTCERT"]).is_file()


def test_functions_go_through_the_proxy_where_there_is_one(dev: Stage, queued: Stage) -> None:
    assert not dev.stateful.of_type("AWS::RDS::DBProxy")
    for name in ("history", "ingest"):
        host = _variables(queued, name)["DB_HOST"]["Fn::GetStackOutput"]["OutputName"]
        assert "Proxy" in host
        role = queued.service.function(name)["Role"]
        assert _logins(queued, role) == set()
        assert "ProxyLogin" in json.dumps(_managed_policies(queued, role))
    migrate = queued.service.function("migrate")["Role"]
    assert _logins(queued, migrate) == {"postgres"}
    assert _managed_policies(queued, migrate) == []


def test_the_login_to_the_proxy_is_for_the_chats_role_alone(queued: Stage) -> None:
    policy = queued.stateful.properties("AWS::IAM::ManagedPolicy", "ProxyLogin")
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "rds-db:connect"
    assert statement["Resource"]["Fn::Join"][1][-1] == f"/{roles.CHAT}"


def test_the_proxy_takes_tokens_over_tls_and_logs_in_by_iam(queued: Stage) -> None:
    proxy = queued.stateful.properties("AWS::RDS::DBProxy")
    assert proxy["DefaultAuthScheme"] == "IAM_AUTH"
    assert proxy["RequireTLS"] is True
    assert "Auth" not in proxy
    targets = queued.stateful.properties("AWS::RDS::DBProxyTargetGroup")
    assert targets["ConnectionPoolConfigurationInfo"] == {"MaxConnectionsPercent": 80}
    policies = [
        policy["Properties"]["PolicyDocument"]["Statement"]
        for name, policy in queued.stateful.of_type("AWS::IAM::Policy").items()
        if "ProxyRole" in name
    ]
    [[statement]] = policies
    assert statement["Action"] == "rds-db:connect"
    assert statement["Resource"]["Fn::Join"][1][-1] == f"/{roles.CHAT}"


def test_a_way_leads_from_the_functions_to_the_proxy_and_from_it_to_the_database(
    queued: Stage,
) -> None:
    def ingress(rules: dict[str, Resource], target: str, source: str) -> list[str]:
        return [
            name
            for name, rule in rules.items()
            if target in json.dumps(rule["Properties"]["GroupId"])
            and source in json.dumps(rule["Properties"]["SourceSecurityGroupId"])
        ]

    of_service = queued.service.of_type("AWS::EC2::SecurityGroupIngress")
    assert ingress(of_service, "DatabaseProxyGroup", "FunctionGroup")
    of_stateful = queued.stateful.of_type("AWS::EC2::SecurityGroupIngress")
    assert ingress(of_stateful, "DatabaseInstanceSecurityGroup", "DatabaseProxyGroup")


def test_the_connector_goes_past_the_proxy(queued: Stage) -> None:
    task = queued.service.properties("AWS::ECS::TaskDefinition")
    for container in task["ContainerDefinitions"]:
        variables = {entry["Name"]: entry["Value"] for entry in container["Environment"]}
        host = variables["DB_HOST"]["Fn::GetStackOutput"]["OutputName"]
        assert "DatabaseInstance" in host
