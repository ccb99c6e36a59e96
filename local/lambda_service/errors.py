"""The errors of the Invoke API for requests that do not reach a function.

InvokeError
├── FunctionNotFoundError   404 ResourceNotFoundException
├── InvalidPayloadError     400 InvalidRequestContentException
├── InvalidParameterError   400 InvalidParameterValueException
├── PayloadTooLargeError    413 RequestTooLargeException
└── TooManyInvocationsError 429 TooManyRequestsException
"""

from typing import ClassVar


class InvokeError(Exception):
    """The request was refused; `status` and `error_type` are those of the AWS API."""

    status: ClassVar[int] = 500
    error_type: ClassVar[str] = "ServiceException"


class FunctionNotFoundError(InvokeError):
    """No function has this name."""

    status = 404
    error_type = "ResourceNotFoundException"


class InvalidPayloadError(InvokeError):
    """The payload is not JSON."""

    status = 400
    error_type = "InvalidRequestContentException"


class InvalidParameterError(InvokeError):
    """A header or parameter has a value that Lambda does not accept."""

    status = 400
    error_type = "InvalidParameterValueException"


class PayloadTooLargeError(InvokeError):
    """The payload exceeds Lambda's limit for this invocation type."""

    status = 413
    error_type = "RequestTooLargeException"


class TooManyInvocationsError(InvokeError):
    """All workers are busy and the queue of pending invocations is full."""

    status = 429
    error_type = "TooManyRequestsException"
