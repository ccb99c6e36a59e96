"""What leads out of the VPC, with NAT gateways and without."""

import json

from tests.infra.synthesis import Stage


def _interface_endpoints(stage: Stage) -> list[dict[str, object]]:
    return [
        made["Properties"]
        for made in stage.stateful.of_type("AWS::EC2::VPCEndpoint").values()
        if made["Properties"]["VpcEndpointType"] == "Interface"
    ]


def test_image_layers_come_by_the_free_endpoint_of_s3(dev: Stage) -> None:
    (endpoint,) = dev.stateful.of_type("AWS::EC2::VPCEndpoint").values()
    assert endpoint["Properties"]["VpcEndpointType"] == "Gateway"
    assert "s3" in json.dumps(endpoint["Properties"]["ServiceName"])


def test_without_a_nat_gateway_the_connector_alone_has_an_address_of_its_own(
    dev: Stage, queued: Stage
) -> None:
    assert not queued.stateful.of_type("AWS::EC2::NatGateway")
    for stage, assigned, subnets in ((dev, "DISABLED", "code"), (queued, "ENABLED", "public")):
        network = stage.service.properties("AWS::ECS::Service")["NetworkConfiguration"]
        assert network["AwsvpcConfiguration"]["AssignPublicIp"] == assigned
        for subnet in network["AwsvpcConfiguration"]["Subnets"]:
            assert f"Vpc{subnets}" in json.dumps(subnet)
        for name in ("history", "ingest", "migrate"):
            where = stage.service.function(name)["VpcConfig"]["SubnetIds"]
            assert all("Vpccode" in json.dumps(subnet) for subnet in where)


def test_nothing_may_come_in_to_the_connector(dev: Stage, queued: Stage) -> None:
    for stage in (dev, queued):
        group = stage.service.properties("AWS::EC2::SecurityGroup", "ConnectorGroup")
        assert "SecurityGroupIngress" not in group
        rules = stage.service.of_type("AWS::EC2::SecurityGroupIngress").values()
        assert rules
        targets = [json.dumps(rule["Properties"]["GroupId"]) for rule in rules]
        assert not [target for target in targets if "ConnectorGroup" in target]


def test_without_a_nat_gateway_nothing_leads_from_the_code_to_the_internet(queued: Stage) -> None:
    routes = queued.stateful.of_type("AWS::EC2::Route")
    assert routes
    assert all("Vpcpublic" in name for name in routes)


def test_the_endpoints_are_those_that_are_configured_in_one_zone(queued: Stage) -> None:
    endpoints = _interface_endpoints(queued)
    services = sorted(
        str(endpoint["ServiceName"]).rpartition(".")[2].strip("'}]\"") for endpoint in endpoints
    )
    assert len(services) == 5, services
    for endpoint in endpoints:
        assert isinstance(endpoint["SubnetIds"], list)
        assert len(endpoint["SubnetIds"]) == 1


def test_the_endpoints_are_open_to_the_vpc_and_to_nothing_else(queued: Stage) -> None:
    vpc = queued.stateful.properties("AWS::EC2::VPC")
    for endpoint in _interface_endpoints(queued):
        (group,) = queued.stateful.targets(endpoint["SecurityGroupIds"])
        (rule,) = queued.part(group).properties["SecurityGroupIngress"]
        assert rule["CidrIp"] == vpc["CidrBlock"]
        assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
