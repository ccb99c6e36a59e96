"""The migrate function, run by the deploy itself before anything that needs the schema."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import triggers
from constructs import Construct

from infra.config import StageConfig
from infra.database import Database
from infra.database_access import let_migrate_in
from infra.python_function import PythonFunction

_TIMEOUT = cdk.Duration.minutes(10)
_TRIGGER_TIMEOUT = cdk.Duration.minutes(11)  # hears the function's own timeout


class Migrate(Construct):
    """Brings roles and schema up to date; the deploy fails and rolls back where it cannot.

    Attributes:
        function: the Lambda function.
        trigger: its run; make what needs the schema depend on it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        vpc: ec2.IVpc,
        security_group: ec2.SecurityGroup,
        database: Database,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = PythonFunction(
            self,
            "Migrate",
            name="migrate",
            description="Applies the chat schema's migrations at deploy",
            config=config,
            environment={},
            timeout=_TIMEOUT,
            vpc=vpc,
            security_group=security_group,
        ).function
        let_migrate_in(self.function, database)
        self.trigger = triggers.Trigger(
            self,
            "Run",
            handler=self.function,
            timeout=_TRIGGER_TIMEOUT,
            # The rules that open the database to the function are below its group.
            execute_after=[security_group],
        )
