"""The functions' exceptions; an adapter turns every error of its library into one of these.

    FunctionError
    ├── SettingsError                 the environment is wrong; a redeploy fixes it
    ├── SecretUnavailableError        Secrets Manager does not answer, or the secret is malformed
    ├── DatabaseUnavailableError      Postgres does not answer, or the connection broke; retry
    ├── DatabaseRefusedError          Postgres refuses the statement; a retry does not help
    ├── EditBeforeMessageError        an edit or delete arrived before its message; retry
    └── RejectQueueUnavailableError   SQS did not accept every reject; retry

Messages contain no payload, token or password, because the runtime logs them.
"""

from collections.abc import Sequence
from typing import ClassVar


class FunctionError(Exception):
    """Base of the tree.

    Attributes:
        code: stable name for logs, alarms and HTTP bodies.
        retryable: whether the same request may succeed later without any change.
    """

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False


class SettingsError(FunctionError):
    """The environment has no usable settings; the message lists every problem.

    Attributes:
        problems: one sentence each, beginning with the variable's name.
    """

    code = "settings_invalid"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("unable to read the settings; " + "; ".join(self.problems))


class SecretUnavailableError(FunctionError):
    """A secret could not be read, or does not have the required form."""

    code = "secret_unavailable"
    retryable = True


class DatabaseUnavailableError(FunctionError):
    """The database could not be reached, or the connection broke."""

    code = "database_unavailable"
    retryable = True


class DatabaseRefusedError(FunctionError):
    """The database refused a statement; the SQLSTATE is in the message."""

    code = "database_refused"


class EditBeforeMessageError(FunctionError):
    """An edit or delete arrived before its message; AWS's retry will find the message.

    Attributes:
        count: how many edits and deletes of the event found no message.
    """

    code = "edit_before_message"
    retryable = True

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(
            f"unable to apply {count} edit(s) or delete(s); their message has not arrived yet"
        )


class RejectQueueUnavailableError(FunctionError):
    """The reject queue did not accept every message; the event must be delivered again."""

    code = "reject_queue_unavailable"
    retryable = True
