"""The deploy_step function: CloudFormation uses it to run another function as a step of a deploy.

The step runs when the resource is created and when its properties change. `HandlerArn` is a
version of the step's function, so a release that changes the function runs it again. The function
must be safe to repeat. A Delete does nothing.

The CDK's Trigger does the same, but there a step that fails during a rollback fails the rollback.
"""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.common import custom_resource
from lambdas.common.backoff import Backoff
from lambdas.common.cloudformation import ChangeRequest
from lambdas.common.observability import Handler, observed
from lambdas.deploy_step.errors import StepRequestError
from lambdas.deploy_step.invocation import invoke

STEP = "step"  # every step's physical id: a step has nothing that could be replaced
# The pauses add up to a minute or two, which new permissions and functions need.
_ATTEMPTS = 8


def make_handler(environment: Mapping[str, str], *, first_pause_seconds: float = 1.0) -> Handler:
    """The Lambda handler."""

    def handle(event: Any, context: LambdaContext) -> None:
        custom_resource.serve(
            event,
            context,
            _carry_out,
            no_id=STEP,
            backoff=Backoff(attempts=_ATTEMPTS, first_seconds=first_pause_seconds),
        )

    return observed(handle, environment)


def _carry_out(request: ChangeRequest, backoff: Backoff) -> str:
    if request.kind != "Delete":
        function_arn = request.properties.get("HandlerArn")
        if not function_arn:
            raise StepRequestError("unable to run the step; its properties have no HandlerArn")
        invoke(str(function_arn), backoff=backoff)
    return STEP


handler = make_handler(os.environ)
