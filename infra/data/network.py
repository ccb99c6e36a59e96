"""The VPC: public subnets for NAT gateways, private ones for code, isolated ones for data.

Without NAT gateways the code's subnets have no way out but VPC endpoints, and who must reach the
internet, the connector alone, stands in a public subnet with an address of its own.
"""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.settings.stage import StageConfig
from infra.shared.log_group import log_group
from infra.shared.nag import acknowledge

_CIDR = "10.0.0.0/16"
_ENDPOINTS = {
    "ecr": (
        ec2.InterfaceVpcEndpointAwsService.ECR,
        ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    ),
    "logs": (ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,),
    "secretsmanager": (ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,),
    "sqs": (ec2.InterfaceVpcEndpointAwsService.SQS,),
}


class Network(Construct):
    """Two availability zones with three tiers of subnets each: `public`, `code` and `data`.

    Attributes:
        vpc: the VPC.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(_CIDR),
            max_azs=2,
            nat_gateways=config.nat_gateways,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="public",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    map_public_ip_on_launch=False,
                    cidr_mask=24,
                ),
                ec2.SubnetConfiguration(
                    name="code",
                    subnet_type=(
                        ec2.SubnetType.PRIVATE_WITH_EGRESS
                        if config.nat_gateways
                        else ec2.SubnetType.PRIVATE_ISOLATED
                    ),
                    cidr_mask=20,
                ),
                ec2.SubnetConfiguration(
                    name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24
                ),
            ],
            # Image layers come from S3: this endpoint is free, the NAT gateway's traffic is not.
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
            },
        )
        self._add_endpoints(config)
        if config.vpc_flow_logs:
            self.vpc.add_flow_log(
                "FlowLog",
                destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                    log_group(self, "FlowLogGroup", config=config)
                ),
                traffic_type=ec2.FlowLogTrafficType.REJECT,
            )
        else:
            acknowledge(
                self.vpc, {"VPC7": "vpc_flow_logs=false: a development stage is not worth the logs"}
            )

    def _add_endpoints(self, config: StageConfig) -> None:
        """Serve the whole VPC: private DNS sends every client of the service to the endpoint.

        Whoever its group did not let in would have no way to the service at all, not even through a
        NAT gateway, from the moment that the endpoint is there. What a client may do is IAM's.
        """
        # Each zone costs once more; as with NAT gateways, one is enough where it may be down.
        zones = 2 if config.nat_gateways == 2 else 1
        subnets = self.vpc.select_subnets(subnet_group_name="code").subnets[:zones]
        for name in config.vpc_endpoints:
            for number, service in enumerate(_ENDPOINTS[name], start=1):
                endpoint = self.vpc.add_interface_endpoint(
                    f"{name.title()}{number}",
                    service=service,
                    open=False,
                    subnets=ec2.SubnetSelection(subnets=subnets),
                )
                endpoint.connections.allow_default_port_from(
                    ec2.Peer.ipv4(_CIDR), "HTTPS from anywhere in the VPC"
                )


def egress_group(
    scope: Construct, construct_id: str, *, vpc: ec2.IVpc, description: str
) -> ec2.SecurityGroup:
    """A security group that nothing reaches and that reaches HTTPS; a database is added to it."""
    group = ec2.SecurityGroup(
        scope, construct_id, vpc=vpc, description=description, allow_all_outbound=False
    )
    group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "HTTPS to AWS and to Ably")
    return group
