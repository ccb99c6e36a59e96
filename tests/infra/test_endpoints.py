"""Rules: an interface endpoint lets in whatever in its VPC uses its service, before that starts.

Its private DNS name hides the service's public address from the whole VPC: whoever the endpoint
does not let in has no way to the service, whatever NAT gateway there is.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.infra.synthesis import Part, Stage

# The services' endpoints, by the prefix of their IAM actions. Fargate fetches images, secrets and
# logs through the task's own network interface, by the execution role.
SERVICES = {
    "ecr.api": "ecr",
    "ecr.dkr": "ecr",
    "logs": "logs",
    "secretsmanager": "secretsmanager",
    "sqs": "sqs",
}
HTTPS = 443


@dataclass(frozen=True)
class Client:
    """Something with network interfaces in the VPC.

    Attributes:
        groups: the security groups of its interfaces.
        uses: the prefixes of the IAM actions it may take.
    """

    part: Part
    groups: set[str]
    uses: set[str]


def clients(stage: Stage) -> Iterator[Client]:
    """All of a stage."""
    for function in stage.of_type("AWS::Lambda::Function"):
        groups = function.targets("VpcConfig", "SecurityGroupIds")
        if "VpcConfig" in function.properties:
            yield Client(function, groups, prefixes(stage, function.targets("Role")))
    for service in stage.of_type("AWS::ECS::Service"):
        network = service.targets("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups")
        task = stage.part(*service.targets("TaskDefinition"))
        roles = task.targets("TaskRoleArn") | task.targets("ExecutionRoleArn")
        yield Client(service, network, prefixes(stage, roles))
    for proxy in stage.of_type("AWS::RDS::DBProxy"):
        by_secret = "SecretArn" in json.dumps(proxy.properties.get("Auth", []))
        uses = {"secretsmanager"} if by_secret else set()
        yield Client(proxy, proxy.targets("VpcSecurityGroupIds"), uses)


def prefixes(stage: Stage, roles: set[str]) -> set[str]:
    """Of the IAM actions that the policies of roles allow."""
    found: set[str] = set()
    for policy in stage.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        if policy.targets("Roles") & roles:
            text = json.dumps(policy.properties["PolicyDocument"])
            found |= {service for service in SERVICES.values() if f'"{service}:' in text}
    return found


def endpoints(stage: Stage) -> Iterator[tuple[str, Part]]:
    """Each interface endpoint that takes the service's name, with the service."""
    for part in stage.of_type("AWS::EC2::VPCEndpoint"):
        if part.properties.get("PrivateDnsEnabled"):
            yield service_name(part), part


def service_name(endpoint: Part) -> str:
    *_, last = endpoint.properties["ServiceName"]["Fn::Join"][1]
    return str(last).removeprefix(".")


def rules(stage: Stage, group: str, direction: str) -> Iterator[tuple[str, Part, dict[str, Any]]]:
    """The rules of a group, its own and those added to it, each with the part that has it."""
    holder = stage.part(group)
    for rule in holder.properties.get(f"SecurityGroup{direction}", []):
        yield group, holder, rule
    for part in stage.of_type(f"AWS::EC2::SecurityGroup{direction}"):
        if part.targets("GroupId") == {group}:
            yield part.identity, part, part.properties


def covers(rule: dict[str, Any]) -> bool:
    match rule:
        case {"IpProtocol": "-1"}:
            return True
        case {"IpProtocol": "tcp", "FromPort": int(first), "ToPort": int(last)}:
            return first <= HTTPS <= last
    return False


def way_in(stage: Stage, endpoint: Part, group: str) -> set[str]:
    """The parts whose rules let a group in."""
    vpc = stage.part(*endpoint.targets("VpcId"))
    return {
        identity
        for own in endpoint.targets("SecurityGroupIds")
        for identity, part, rule in rules(stage, own, "Ingress")
        if covers(rule)
        and (
            rule.get("CidrIp") == vpc.properties["CidrBlock"]
            or part.template.target(rule.get("SourceSecurityGroupId")) == group
        )
    }


def has_way_out(stage: Stage, endpoint: Part, group: str) -> bool:
    return any(
        covers(rule)
        and (
            rule.get("CidrIp") == "0.0.0.0/0"
            or part.template.target(rule.get("DestinationSecurityGroupId"))
            in endpoint.targets("SecurityGroupIds")
        )
        for _, part, rule in rules(stage, group, "Egress")
    )


def used(stage: Stage) -> Iterator[tuple[Part, Client]]:
    """Each endpoint with each client that may use its service."""
    for service, endpoint in endpoints(stage):
        for client in clients(stage):
            if SERVICES[service] in client.uses:
                yield endpoint, client


def test_every_endpoint_lets_in_each_client_of_its_service(option_set: Stage) -> None:
    for endpoint, client in used(option_set):
        assert client.groups
        for group in client.groups:
            where = f"{client.part.identity} to {service_name(endpoint)}"
            assert way_in(option_set, endpoint, group), f"no way in for {where}"
            assert has_way_out(option_set, endpoint, group), f"no way out for {where}"


def test_nothing_starts_before_its_endpoints_and_the_way_into_them(option_set: Stage) -> None:
    starting = {
        function: step
        for step in option_set.of_type("Custom::DeployStep")
        for version in step.targets("HandlerArn")
        for function in option_set.part(version).targets("FunctionName")
    }
    for endpoint, client in used(option_set):
        start = starting.get(client.part.identity, client.part)
        if start.resource["Type"] == "AWS::Lambda::Function":
            continue  # invoked once the deploy is done
        before = everything_before(option_set, start)
        assert endpoint.identity in before
        for group in client.groups:
            assert way_in(option_set, endpoint, group) & before


def everything_before(stage: Stage, start: Part) -> set[str]:
    """The identities of all that CloudFormation has made before it makes a part."""
    # The CDK deploys the stacks in their order.
    before = {part.identity for part in stage.parts if part.template is stage.stateful}
    pending = [start]
    while pending:
        part = pending.pop()
        named = part.resource.get("DependsOn", [])
        after = {f"{part.template.stack}/{name}" for name in named} | part.targets()
        pending += [stage.part(identity) for identity in after - before]
        before |= after
    return before


def test_the_stack_of_the_endpoints_is_deployed_first(option_set: Stage) -> None:
    manifest = json.loads((option_set.folder / "manifest.json").read_text())
    (depends,) = [
        artifact["dependencies"]
        for name, artifact in manifest["artifacts"].items()
        if name.endswith("-service")
    ]
    assert [name for name in depends if name.endswith("-stateful")]


def test_the_connector_uses_every_endpoint_but_that_of_the_rejects(queued: Stage) -> None:
    by_connector = {
        service_name(endpoint)
        for endpoint, client in used(queued)
        if client.part.resource["Type"] == "AWS::ECS::Service"
    }
    assert by_connector == {"ecr.api", "ecr.dkr", "logs", "secretsmanager"}
