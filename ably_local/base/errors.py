"""The one error of the local Ably: a code of Ably's registry, an HTTP status and a sentence.

It travels as the `error` of a protocol message, as the body of an HTTP answer and in its headers.
"""

from typing import Any


class AblyError(Exception):
    """A refusal as Ably words it.

    Attributes:
        code: Ably's error code, five digits; its first three are usually the HTTP status.
        status: HTTP status.
        message: a sentence for a developer; never holds a secret.
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
    """A feature of Ably that the local server leaves out, named in the message."""

    def __init__(self, feature: str) -> None:
        super().__init__(50100, 501, f"the local Ably does not support {feature}")
