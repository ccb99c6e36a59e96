"""Start MiniStack with what it lacks.

Environment, besides MiniStack's own:
    EMULATED_RDS: URL of the Postgres server that stands for RDS, as its superuser.
    EMULATED_RDS_PORT: where on 127.0.0.1 clients reach that server.
    EMULATED_FUNCTION_ENVIRONMENT: JSON object of variables that replace a function's own.
"""

import json
import os

from ministack.app import main

from tests.deploy.emulated import compute, service, storage
from tests.deploy.emulated.handlers import record_only
from tests.deploy.emulated.instance import DatabaseInstances

# Nothing here enforces a network, asks the logs, or copies a page.
RECORDED_ONLY = {
    "AWS::EC2::EIP": "AllocationId",
    "AWS::EC2::NatGateway": "NatGatewayId",
    "AWS::EC2::SecurityGroupIngress": "Id",
    "AWS::EC2::SecurityGroupEgress": "Id",
    "AWS::RDS::DBProxy": "DBProxyArn",
    "AWS::RDS::DBProxyTargetGroup": "TargetGroupArn",
    "AWS::Logs::QueryDefinition": "QueryDefinitionId",
    # Its function needs the AWS CLI, which Lambda has in a layer.
    "Custom::CDKBucketDeployment": "DestinationBucketArn",
}


def extend() -> None:
    """Give MiniStack what it lacks; its functions inherit what is left in the environment."""
    for resource_type, attribute in RECORDED_ONLY.items():
        record_only(resource_type, attribute)
    url, port = os.environ.pop("EMULATED_RDS"), int(os.environ.pop("EMULATED_RDS_PORT"))
    DatabaseInstances(url, port).install()
    compute.install(json.loads(os.environ.pop("EMULATED_FUNCTION_ENVIRONMENT")))
    service.install()
    storage.install()


if __name__ == "__main__":
    extend()
    main()
