"""How parts of the bundle get into the database: as which role, by what proof, over which way.

    migrate            the master user, by its secret
    connector install  ably_owner      by IAM
    connector          ably_connector  by IAM
    ingest, history    ably_chat       by IAM, through RDS Proxy where there is one

migrate makes the three roles, so it runs before the others (docs/database-permissions.md).
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from infra.data.database import DATABASE_NAME, Database
from infra.data.database_roles import CHAT, CONNECTOR, MASTER, OWNER

SSL_MODE = "verify-full"
# In an asset as in the repository: relative to the task root, where Lambda starts a function.
FUNCTION_CERTIFICATES = "lambdas/common/certificates/amazon.pem"
# In the image, relative to its working directory.
CONNECTOR_CERTIFICATES = "connector_task/certificates/amazon.pem"


def grant_migrate_access(function: lambda_.Function, database: Database) -> None:
    """Let the function in that makes the roles; nothing else reads the master user's secret."""
    function.connections.allow_to_default_port(database.instance, "Postgres")
    database.secret.grant_read(function)
    # The owner of roles that log in by IAM may have to log in by IAM too.
    database.instance.grant_connect(function, MASTER)
    _add_output(
        function,
        DB_AUTH="secret-or-iam",
        DB_SECRET_ARN=database.secret.secret_arn,
    )


def grant_chat_access(function: lambda_.Function, database: Database) -> None:
    """Let a function in that reads or writes the chat."""
    if database.proxy:
        function.connections.allow_to(database.proxy.proxy, database.port_range, "RDS Proxy")
        if function.role is None:
            raise AssertionError("a function of ours has a role")
        function.role.add_managed_policy(database.proxy.login)
    else:
        function.connections.allow_to_default_port(database.instance, "Postgres")
        database.instance.grant_connect(function, CHAT)
    _add_output(
        function,
        DB_AUTH="iam",
        DB_HOST=database.proxy.proxy.endpoint if database.proxy else database.host,
        DB_PORT=database.port,
        DB_NAME=DATABASE_NAME,
        DB_USER=CHAT,
    )


def grant_connector_access(role: iam.IRole, database: Database) -> None:
    """Let the connector's task in, as the owner that installs and as the role that relays."""
    database.instance.grant_connect(role, OWNER)
    database.instance.grant_connect(role, CONNECTOR)


def connector_variables(database: Database) -> dict[str, str]:
    """What both of the connector's containers are told; `DB_USER` is each one's own."""
    return {
        "DB_HOST": database.host,
        "DB_PORT": database.port,
        "DB_NAME": DATABASE_NAME,
        "DB_AUTH": "iam",
        "DB_REGION": cdk.Aws.REGION,
        "DB_SSLMODE": SSL_MODE,
        "DB_SSLROOTCERT": CONNECTOR_CERTIFICATES,
    }


def _add_output(function: lambda_.Function, **variables: str) -> None:
    tls = {"DB_SSLMODE": SSL_MODE, "DB_SSLROOTCERT": FUNCTION_CERTIFICATES}
    for name, value in {**variables, **tls}.items():
        function.add_environment(name, value)
