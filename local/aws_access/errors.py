"""Reasons to refuse a request, with AWS's error codes.

AccessError                 each has a code for the query protocol and one for the JSON protocols
├── MissingTokenError         MissingAuthenticationToken, MissingAuthenticationTokenException
├── IncompleteSignatureError  IncompleteSignature, IncompleteSignatureException
├── UnknownKeyError           InvalidClientTokenId, UnrecognizedClientException
├── SignatureMismatchError    SignatureDoesNotMatch, InvalidSignatureException
└── RequestRefusedError       AccessDenied, AccessDeniedException
"""

from typing import ClassVar

_READY_FILE = "use aws_access_key_id and aws_secret_access_key from the run's ready file"


class AccessError(Exception):
    """The request is refused.

    Attributes:
        query_code: error code of the query protocol.
        json_code: error type of the JSON protocols and of REST.
        status: HTTP status.
    """

    query_code: ClassVar[str]
    json_code: ClassVar[str]
    status: int = 403


class MissingTokenError(AccessError):
    """The request is not signed."""

    query_code = "MissingAuthenticationToken"
    json_code = "MissingAuthenticationTokenException"

    def __init__(self) -> None:
        super().__init__(f"Request is missing Authentication Token: {_READY_FILE}")


class IncompleteSignatureError(AccessError):
    """The Authorization header is malformed or incomplete."""

    query_code = "IncompleteSignature"
    json_code = "IncompleteSignatureException"


class UnknownKeyError(AccessError):
    """The access key is not this run's."""

    query_code = "InvalidClientTokenId"
    json_code = "UnrecognizedClientException"

    def __init__(self) -> None:
        super().__init__(f"The security token included in the request is invalid: {_READY_FILE}")


class SignatureMismatchError(AccessError):
    """The signature has another key, request or time."""

    query_code = "SignatureDoesNotMatch"
    json_code = "InvalidSignatureException"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message
            or "The request signature we calculated does not match the signature you provided: "
            + _READY_FILE
        )


class RequestRefusedError(AccessError):
    """The request is refused regardless of its signature: for its host, sender or size."""

    query_code = "AccessDenied"
    json_code = "AccessDeniedException"

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status
