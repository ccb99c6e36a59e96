"""Errors of a step of a deploy; the message is the reason of the failed stack event."""

from lambdas.common.errors import FunctionError


class StepRequestError(FunctionError):
    """The custom resource's properties are incomplete."""

    code = "deploy_step_request_invalid"


class StepFailedError(FunctionError):
    """The step's function raised, timed out or could not start; the message is the function's."""

    code = "deploy_step_failed"


class StepUnavailableError(FunctionError):
    """Lambda did not run the step's function, or did not answer in time."""

    code = "deploy_step_unavailable"
    retryable = True
