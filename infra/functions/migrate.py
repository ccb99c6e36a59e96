"""The migrate function, run by the deploy itself before anything that needs the schema."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.data.database import Database
from infra.data.database_access import grant_migrate_access
from infra.functions.deploy_steps import LONGEST_STEP, DeploySteps
from infra.functions.python_function import PythonFunction
from infra.settings.stage import StageConfig


class Migrate(Construct):
    """Brings roles and schema up to date; the deploy fails and rolls back where it cannot.

    Attributes:
        function: the Lambda function.
        step: its run; make what needs the schema depend on it.
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
        steps: DeploySteps,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = PythonFunction(
            self,
            "Migrate",
            name="migrate",
            description="Applies the chat schema's migrations at deploy",
            config=config,
            environment={},
            timeout=LONGEST_STEP,
            vpc=vpc,
            security_group=security_group,
        ).function
        grant_migrate_access(self.function, database)
        self.step = steps.add(self, "Step", handler=self.function)
        # The rules that open the database to the function are below its group.
        self.step.node.add_dependency(security_group)
