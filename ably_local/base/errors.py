"""The error type of the local Ably: one of Ably's error codes, an HTTP status and a message.

Clients receive it as the `error` of a protocol message, or as the body and headers of a response.
"""

from typing import Any


class AblyError(Exception):
    """An error in Ably's format.

    Attributes:
        code: Ably's error code, five digits; the first three are usually the HTTP status.
        status: HTTP status.
        message: text for a developer; never contains a secret.
    """

    def __init__(self, code: int, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message

    def info(self) -> dict[str, Any]:
        """The ErrorInfo object of the wire protocol and of REST bodies."""
        return {
            "message": self.message,
            "code": self.code,
            "statusCode": self.status,
            "href": f"https://help.ably.io/error/{self.code}",
        }


class NotSupportedError(AblyError):
    """A feature of Ably that the local server does not support, named in the message."""

    def __init__(self, feature: str) -> None:
        super().__init__(50100, 501, f"the local Ably does not support {feature}")
