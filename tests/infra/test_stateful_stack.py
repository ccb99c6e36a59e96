"""What holds data is encrypted, closed, protected by stage, and keeps its identity."""

import json

import pytest

from tests.infra.synthesis import Stage

STATEFUL_TYPES = (
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSubnetGroup",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
)


def test_the_logical_ids_of_what_holds_data_are_pinned(dev: Stage) -> None:
    # A changed id means that a deploy makes an empty one and removes the one with the data.
    assert sorted(dev.stateful.of_type(*STATEFUL_TYPES)) == [
        "AblyKeySecret3B7C4E6F",
        "DatabaseInstanceAA8A5FDE",
        "DatabaseInstanceSubnetGroupDE121BB6",
        "IngestQueuesDeadLetters2E80C912",
        "IngestQueuesRejectsDF61193D",
        "NetworkVpc7FB7348F",
        "NetworkVpccodeSubnet1Subnet201EA304",
        "NetworkVpccodeSubnet2SubnetFBBAF5F8",
        "NetworkVpcdataSubnet1SubnetE7C988E9",
        "NetworkVpcdataSubnet2Subnet7A99E9BE",
        "NetworkVpcpublicSubnet1Subnet00617657",
        "NetworkVpcpublicSubnet2SubnetDCAA7C9A",
        "ablypostgresdevstatefulDatabaseInstanceSecret9C77E9773fdaad7efa858a3daf9490cf0a702aeb",
    ]


def test_the_database_is_encrypted_private_and_speaks_only_tls(dev: Stage, prod: Stage) -> None:
    for stage in (dev, prod):
        instance = stage.stateful.properties("AWS::RDS::DBInstance")
        assert instance["StorageEncrypted"] is True
        assert instance["PubliclyAccessible"] is False
        assert instance["EnableIAMDatabaseAuthentication"] is True
        assert instance["EngineVersion"] == "18"
        assert (instance["StorageType"], instance["AllocatedStorage"]) == ("gp3", "20")
        assert instance["EnableCloudwatchLogsExports"] == ["postgresql", "iam-db-auth-error"]
        parameters = stage.stateful.properties("AWS::RDS::DBParameterGroup")
        assert parameters["Parameters"] == {
            "rds.force_ssl": "1",
            "log_connections": "receipt,authentication,authorization",
            "log_disconnections": "1",
            "idle_in_transaction_session_timeout": "60000",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }


def test_the_database_lives_in_subnets_without_a_route_out(dev: Stage) -> None:
    subnets = dev.stateful.properties("AWS::RDS::DBSubnetGroup")["SubnetIds"]
    tables = {
        association["Properties"]["RouteTableId"]["Ref"]
        for association in dev.stateful.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
        if association["Properties"]["SubnetId"] in subnets
    }
    routed = {
        route["Properties"]["RouteTableId"]["Ref"]
        for route in dev.stateful.of_type("AWS::EC2::Route").values()
    }
    assert len(subnets) == len(tables) == 2
    assert not tables & routed


def test_prod_survives_what_dev_does_not(dev: Stage, prod: Stage) -> None:
    def traits(stage: Stage) -> dict[str, object]:
        (instance,) = stage.stateful.of_type("AWS::RDS::DBInstance").values()
        properties = instance["Properties"]
        return {
            "multi_az": properties["MultiAZ"],
            "deletion_protection": properties["DeletionProtection"],
            "backup_days": properties["BackupRetentionPeriod"],
            "may_grow_to_gib": properties["MaxAllocatedStorage"],
            "insights": properties.get("EnablePerformanceInsights", False),
            "when_removed": instance["DeletionPolicy"],
            "nat_gateways": len(stage.stateful.of_type("AWS::EC2::NatGateway")),
            "flow_logs": len(stage.stateful.of_type("AWS::EC2::FlowLog")),
            "termination_protection": _termination_protection(stage),
        }

    assert traits(dev) == {
        "multi_az": False,
        "deletion_protection": False,
        "backup_days": 1,
        "may_grow_to_gib": 40,
        "insights": False,
        "when_removed": "Delete",
        "nat_gateways": 1,
        "flow_logs": 0,
        "termination_protection": False,
    }
    assert traits(prod) == {
        "multi_az": True,
        "deletion_protection": True,
        "backup_days": 14,
        "may_grow_to_gib": 200,
        "insights": True,
        "when_removed": "Snapshot",
        "nat_gateways": 2,
        "flow_logs": 1,
        "termination_protection": True,
    }


def test_the_queues_are_encrypted_refuse_plain_http_and_keep_two_weeks(dev: Stage) -> None:
    queues = dev.stateful.of_type("AWS::SQS::Queue")
    assert len(queues) == 2
    for queue in queues.values():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True
        assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    denials = [
        statement
        for policy in dev.stateful.of_type("AWS::SQS::QueuePolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    assert len(denials) == 2


def test_no_security_group_is_open_to_the_internet(option_set: Stage) -> None:
    rules = [
        rule
        for group in option_set.of_type("AWS::EC2::SecurityGroup")
        for rule in group.properties.get("SecurityGroupIngress", [])
    ]
    rules += [part.properties for part in option_set.of_type("AWS::EC2::SecurityGroupIngress")]
    assert rules
    own = option_set.stateful.properties("AWS::EC2::VPC")["CidrBlock"]
    assert {rule["CidrIp"] for rule in rules if "CidrIp" in rule} <= {own}
    assert not [rule for rule in rules if "CidrIpv6" in rule]


def test_subnets_hand_out_no_public_address_by_themselves(dev: Stage) -> None:
    subnets = dev.stateful.of_type("AWS::EC2::Subnet").values()
    assert not [subnet for subnet in subnets if subnet["Properties"].get("MapPublicIpOnLaunch")]


def test_the_ably_key_is_created_without_a_value_unless_its_arn_is_given(
    dev: Stage, prod: Stage
) -> None:
    created = dev.stateful.properties("AWS::SecretsManager::Secret", "AblyKey")
    assert "SecretString" not in created
    assert "GenerateSecretString" not in created
    assert not [
        name for name in prod.stateful.of_type("AWS::SecretsManager::Secret") if "AblyKey" in name
    ]


@pytest.mark.parametrize("protected", [False, True])
def test_secrets_and_queues_stay_where_data_is_protected(
    dev: Stage, prod: Stage, *, protected: bool
) -> None:
    template = (prod if protected else dev).stateful
    policies = {made["DeletionPolicy"] for made in template.of_type("AWS::SQS::Queue").values()}
    assert policies == {"Retain" if protected else "Delete"}


def _termination_protection(stage: Stage) -> bool:
    manifest = json.loads((stage.folder / "manifest.json").read_text())
    (stack,) = [
        artifact for name, artifact in manifest["artifacts"].items() if name.endswith("-stateful")
    ]
    return bool(stack["properties"].get("terminationProtection"))
