"""What a deployed stage is called: the outputs of its two stacks."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError


class NotDeployedError(Exception):
    """The stage's outputs cannot be read; the message says what to do."""


def outputs(stage: str) -> dict[str, str]:
    """The outputs of both stacks of a stage by name.

    Raises:
        NotDeployedError: there is no such stack, or AWS does not let us look.
    """
    found: dict[str, str] = {}
    for part in ("stateful", "service"):
        name = f"ably-postgres-{stage}-{part}"
        try:
            (stack,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except (BotoCoreError, ClientError) as exc:
            raise NotDeployedError(
                f"unable to read the stack {name} ({_reason(exc)}): is the stage deployed, with "
                "these credentials and in this region (AWS_PROFILE, AWS_REGION)?"
            ) from exc
        found |= {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return found


def _reason(exc: BotoCoreError | ClientError) -> str:
    if isinstance(exc, ClientError):
        return exc.response["Error"].get("Message", "")
    return str(exc)
