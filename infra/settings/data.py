"""The network, and the database in it."""

from dataclasses import dataclass

from infra.settings.cross_checks import ENDPOINTS
from infra.settings.fields import flag, integer, list_of, matching, one_of, setting


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """What the stateful stack is made of."""

    protect_data: bool = setting(
        "deletion protection of the database, termination protection of the stateful stack, a "
        "final snapshot; queues, secrets and logs stay when a stack is removed",
        flag,
        dev="false",
        prod="true",
    )
    nat_gateways: int = setting(
        "NAT gateways; with 2, the loss of an availability zone cuts nothing off; "
        "[with 0](#without-a-nat-gateway) the connector has a public address",
        integer(0, 2),
        dev="1",
        prod="2",
    )
    vpc_endpoints: tuple[str, ...] = setting(
        "AWS services reached without leaving the VPC, separated by commas; each costs by the hour "
        "and zone (`ecr` twice), which NAT traffic must outweigh. An endpoint takes the "
        "service's name for the whole VPC, so it lets the whole VPC in. The endpoint of S3, for "
        "image layers, is free and always there",
        list_of(one_of(*ENDPOINTS)),
        dev="none",
    )
    vpc_flow_logs: bool = setting(
        "log the traffic that security groups reject", flag, dev="false", prod="true"
    )
    database_instance_class: str = setting(
        "RDS instance class",
        matching(
            r"[a-z][a-z0-9-]*\.[a-z0-9]+", "an instance class without its 'db.', such as t4g.micro"
        ),
        dev="t4g.micro",
        prod="t4g.medium",
    )
    database_storage_gib: int = setting(
        "gp3 storage; can grow, never shrink", integer(20, 65536, unit="GiB"), dev="20"
    )
    database_max_storage_gib: int = setting(
        "storage to which RDS may let it grow by itself; at least a tenth above the storage",
        integer(22, 65536, unit="GiB"),
        dev="40",
        prod="200",
    )
    database_multi_az: bool = setting(
        "a standby in the second availability zone", flag, dev="false", prod="true"
    )
    database_backup_days: int = setting(
        "time of point-in-time recovery; 0 is none", integer(0, 35, unit="days"), dev="1", prod="14"
    )
    database_insights: bool = setting(
        "Performance Insights with the free standard mode of Database Insights: seven days of what "
        "the database waited for",
        flag,
        dev="false",
        prod="true",
    )
    rds_proxy: bool = setting(
        "RDS Proxy between the functions and the database, for bursts of functions that reserved "
        "concurrency must not bound; billed by the database's vCPUs, at least two. The connector "
        "bypasses it",
        flag,
        dev="false",
    )
