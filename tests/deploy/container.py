"""The connector's task as ECS would run it, without a container: the image's files and commands,
the environment and secrets of the deployed task definition, the init containers first.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploy.stage import Stage

SECONDS = 30
# A secret's ARN (MiniStack's Ref gives its name alone), then ":JSON key:stage:version" or nothing.
SECRET = re.compile(r"((?:arn:.+:secret:)?[^:]+)(?::([^:]*):[^:]*:[^:]*)?")


@dataclass(frozen=True)
class Container:
    """One container of the task: what is run, and with which environment."""

    image: Path
    command: list[str]
    environment: dict[str, str]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run it, or another command of its image, to the end."""
        return subprocess.run(
            self._argv(*arguments),
            cwd=self.image,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    @contextlib.contextmanager
    def running(self, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
        """Have it run, and stop it as ECS does."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._argv(), cwd=self.image, env=self.environment, stdout=output, stderr=output
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _argv(self, *arguments: str) -> list[str]:
        entrypoint = dockerfile(self.image / "connector_task", "ENTRYPOINT")
        assert entrypoint[0] == "python"
        return [sys.executable, *entrypoint[1:], *(arguments or self.command)]


def dockerfile(folder: Path, instruction: str) -> list[str]:
    """The last such instruction of a Dockerfile, in exec form."""
    text = (folder / "Dockerfile").read_text()
    found = re.findall(rf"^{instruction} (\[.*\])$", text, re.MULTILINE)
    words: list[str] = json.loads(found[-1])
    return words


def build_image(stage: Stage, folder: Path) -> Path:
    """The image's folder /app, from the build context that the CLI handed to docker."""
    calls = [json.loads(line) for line in stage.cdk.docker_log.read_text().splitlines()]
    (context,) = {call["folder"] for call in calls if call["arguments"][0] == "build"}
    app = folder / "app"
    if not app.exists():
        shutil.copytree(context, app / "connector_task")
    return app


def containers(stage: Stage, image: Path, environment: Mapping[str, str]) -> list[Container]:
    """The task's containers in the order they start; the last is the one that stays.

    Args:
        stage: where the task definition is deployed.
        image: the image's folder.
        environment: what this machine needs set otherwise.
    """
    ecs, secrets = stage.emulator.client("ecs"), stage.emulator.client("secretsmanager")
    (service,) = ecs.describe_services(
        cluster=stage.resource("Connector", "AWS::ECS::Cluster"),
        services=[stage.resource("Connector", "AWS::ECS::Service")],
    )["services"]
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
    definitions: list[dict[str, Any]] = task["taskDefinition"]["containerDefinitions"]
    return [
        Container(
            image=image,
            command=each.get("command") or dockerfile(image / "connector_task", "CMD"),
            environment={
                "PATH": os.environ["PATH"],
                **{variable["name"]: variable["value"] for variable in each["environment"]},
                **{entry["name"]: secret(secrets, entry["valueFrom"]) for entry in each["secrets"]},
                **environment,
            },
        )
        for each in sorted(definitions, key=lambda each: len(each.get("dependsOn", [])))
    ]


def secret(client: Any, reference: str) -> str:
    """What ECS puts into a variable for the ARN of a secret, or of one key of its JSON."""
    found = SECRET.fullmatch(reference)
    assert found, reference
    value = str(client.get_secret_value(SecretId=found[1])["SecretString"])
    return str(json.loads(value)[found[2]]) if found[2] else value
