"""Why a rule could not be brought to what the stack asks for; each message says what to do.

The messages end up as the reason of a failed stack event, which is all that an operator sees.
"""

from lambdas.common.errors import FunctionError


class RuleRequestError(FunctionError):
    """CloudFormation asks for a rule whose properties are incomplete."""

    code = "rule_request_invalid"


class ControlTokenError(FunctionError):
    """The access token cannot be read, or Ably does not take it."""

    code = "control_token_refused"


class ControlRefusedError(FunctionError):
    """The Control API refuses the request; the same one will be refused again."""

    code = "control_api_refused"


class ControlNotFoundError(ControlRefusedError):
    """The Control API knows no such app or rule."""

    code = "control_api_not_found"


class ControlUnavailableError(FunctionError):
    """The Control API does not answer, or with a failure of its own: what was asked may be done."""

    code = "control_api_unavailable"
    retryable = True
