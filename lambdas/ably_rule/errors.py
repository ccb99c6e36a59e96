"""Errors of a change to a rule; each message says what to do.

CloudFormation shows the message as the reason of the failed stack event. The operator sees no more.
"""

from lambdas.common.errors import FunctionError


class RuleRequestError(FunctionError):
    """The custom resource's properties are incomplete."""

    code = "rule_request_invalid"


class ControlTokenError(FunctionError):
    """The access token cannot be read, or Ably refuses it."""

    code = "control_token_refused"


class ControlRefusedError(FunctionError):
    """The Control API refuses the request; the same one will be refused again."""

    code = "control_api_refused"


class ControlNotFoundError(ControlRefusedError):
    """The Control API knows no such app or rule."""

    code = "control_api_not_found"


class ControlUnavailableError(FunctionError):
    """The Control API does not answer or fails; the request may have been carried out."""

    code = "control_api_unavailable"
    retryable = True
