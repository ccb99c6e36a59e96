"""Stage dev on the emulated AWS: deployed as the README says, looked into through AWS's own API."""

import json
import platform
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg2

from tests.deploy.cdk_cli import CdkCli
from tests.deploy.emulator import PYTHON, ROOT, Emulator
from tests.deploy.rds import Rds
from tests.fixtures.ably import LocalAbly

STATEFUL = "ably-postgres-dev-stateful"
SERVICE = "ably-postgres-dev-service"
ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64"}
APPROVED = ("--require-approval", "never", "--progress", "events")


class Stage:
    """The two stacks of stage dev.

    Attributes:
        ably: the Ably it is deployed for.
        rds: the database server that its DB instance is.
    """

    def __init__(self, cdk: CdkCli, ably: LocalAbly, rds: Rds) -> None:
        self.cdk = cdk
        self.ably = ably
        self.rds = rds
        self._stateful = False  # whether its stack is deployed
        self._service: Path | None = None  # the assembly whose service stack is
        self._filled = False  # whether any secret is

    @property
    def emulator(self) -> Emulator:
        """The AWS it is deployed on."""
        return self.cdk.emulator

    def ensure_deployed(self, *, any_release: bool = False) -> None:
        """Deploy the repository from nothing, in the README's order, unless it is there.

        Args:
            any_release: take what is deployed, also where that is another release.
        """
        if self._service == self.assembly or (any_release and self._service):
            return
        self.ensure_bare()
        self.fill_secrets()
        self.deploy(self.assembly, SERVICE)

    def ensure_bare(self, *, with_empty_secrets: bool = False) -> None:
        """Have the stateful stack alone."""
        if self._service or (with_empty_secrets and self._filled):
            self.destroy()
        if not self._stateful:
            self.deploy(self.assembly, STATEFUL)

    def deploy(self, assembly: Path, *stacks: str) -> str:
        """Deploy what was synthesized; returns what the CLI said."""
        said = self.cdk.run("deploy", *stacks, "--app", str(assembly), *APPROVED)
        self._stateful = self._stateful or STATEFUL in stacks
        self._service = assembly if SERVICE in stacks else self._service
        return said

    def attempt_service(self, assembly: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Deploy the service stack, of the repository or another, whatever comes of it."""
        app = str(assembly or self.assembly)
        return self.cdk.attempt("deploy", SERVICE, "--app", app, *APPROVED)

    def stacks(self) -> list[str]:
        """The names of the stacks that there are."""
        found = self.emulator.client("cloudformation").describe_stacks()["Stacks"]
        return [str(each["StackName"]) for each in found]

    def destroy(self) -> str:
        """Remove both stacks; returns what the CLI said."""
        said = self.cdk.run("destroy", "--all", "--force", "--app", str(self.assembly))
        self._stateful, self._service, self._filled = False, None, False
        return said

    @cached_property
    def assembly(self) -> Path:
        """What `cdk synth` made of the repository."""
        return self.synthesize(ROOT, self.cdk.folder / "assembly")

    def synthesize(self, root: Path, output: Path, **changed: str) -> Path:
        """Synthesize the app of a folder for the machine that runs the functions here.

        Args:
            root: the app's folder.
            output: for the assembly.
            changed: settings besides or in the place of the stage's own.
        """
        settings = {
            "stage": "dev",
            "arch": ARCHITECTURES.get(platform.machine(), "x86_64"),
            "python": _python_version(),
            "ably_account_id": "local",
            "ably_app_id": self.ably.app_id,
            "ably_control_token_secret": "create",
            "ably_control_api_url": self.ably.control_api_url,
            **changed,
        }
        context = [f"--context={name}={value}" for name, value in settings.items()]
        self.cdk.run("synth", "--quiet", "--output", str(output), *context, cwd=root)
        return output

    def fill_secrets(self, *, api_key: str | None = None, control_token: str | None = None) -> None:
        """Put in what only the operator has, or another key or token of the Control API."""
        self.fill_secret("AblyApiKeySecretArn", api_key or self.ably.api_key)
        self.fill_secret("AblyControlTokenSecretArn", control_token or self.ably.control_token)

    def fill_secret(self, output: str, value: str) -> None:
        """Put a value into the secret whose ARN the stateful stack has printed under a name."""
        secrets = self.emulator.client("secretsmanager")
        # With a line end, as an editor leaves it.
        secrets.put_secret_value(SecretId=self.secret(output), SecretString=f"{value}\n")
        self._filled = True

    def secret(self, output: str) -> str:
        """The secret whose ARN the stateful stack has printed under a name."""
        return self.output(output, stack=STATEFUL)

    def output(self, name: str, *, stack: str = SERVICE) -> str:
        """What the deploy printed under a name."""
        outputs = self._stack(stack)["Outputs"]
        return next(str(each["OutputValue"]) for each in outputs if each["OutputKey"] == name)

    def resources(self, stack: str = SERVICE) -> list[dict[str, Any]]:
        """All resources of a stack: LogicalResourceId, PhysicalResourceId, ResourceType, …"""
        answer = self.emulator.client("cloudformation").describe_stack_resources(StackName=stack)
        found: list[dict[str, Any]] = answer["StackResources"]
        return found

    def resource(self, logical_prefix: str, resource_type: str, *, stack: str = SERVICE) -> str:
        """The id of the one resource of a type whose logical id begins so."""
        (found,) = [
            str(each["PhysicalResourceId"])
            for each in self.resources(stack)
            if each["ResourceType"] == resource_type
            and each["LogicalResourceId"].startswith(logical_prefix)
        ]
        return found

    def failures(self, stack: str) -> list[str]:
        """Why resources of a stack have failed, the latest first."""
        client = self.emulator.client("cloudformation")
        events = client.describe_stack_events(StackName=stack)["StackEvents"]
        return [
            str(each.get("ResourceStatusReason"))
            for each in events
            if each["ResourceStatus"].endswith("_FAILED")
        ]

    def log(self, logical_prefix: str) -> list[dict[str, Any]]:
        """The JSON lines in the one log group whose logical id begins so."""
        group = self.resource(logical_prefix, "AWS::Logs::LogGroup")
        client = self.emulator.client("logs")
        lines = client.filter_log_events(logGroupName=group, limit=10_000)["events"]
        return [json.loads(line["message"]) for line in lines if line["message"].startswith("{")]

    def status(self, stack: str) -> str:
        """Where a stack stands, as CREATE_COMPLETE."""
        return str(self._stack(stack)["StackStatus"])

    def _stack(self, name: str) -> dict[str, Any]:
        answer = self.emulator.client("cloudformation").describe_stacks(StackName=name)
        (stack,) = answer["Stacks"]
        return dict(stack)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Ask the deployed HTTP API."""
        return httpx.get(f"{self.api_url}{path}", timeout=30, **options)

    @property
    def api_url(self) -> str:
        """The HTTP API at this machine's port; its own name is AWS's to resolve."""
        api_id = str(urlsplit(self.output("ApiUrl")).hostname).partition(".")[0]
        return f"{self.emulator.endpoint_url}/_aws/execute-api/{api_id}/$default"

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What a query of the chat's database finds."""
        connection = psycopg2.connect(self.rds.superuser_url, dbname="chat")
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall()
        finally:
            connection.close()

    def queue_messages(self, url: str) -> list[dict[str, Any]]:
        """The messages that wait in a queue; they are taken out of it."""
        sqs = self.emulator.client("sqs")
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages


def _python_version() -> str:
    """The version that MiniStack runs the functions with."""
    program = "import sys; print(f'{sys.version_info.major}.{sys.version_info.minor}')"
    return subprocess.check_output([PYTHON, "-c", program], text=True).strip()
