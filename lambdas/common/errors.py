"""The functions' one exception tree; every library error becomes one of these at its adapter.

    FunctionError
    ├── SettingsError                 the environment is wrong; a redeploy mends it
    ├── SecretUnavailableError        Secrets Manager does not answer, or the secret is malformed
    ├── DatabaseUnavailableError      Postgres does not answer, or the connection broke; try again
    ├── DatabaseRefusedError          Postgres refuses the statement; trying again is no help
    ├── EditBeforeMessageError        an edit or delete is here before its message; try again
    └── RejectQueueUnavailableError   SQS did not take every reject; try again

Messages name no payload, token or password: a runtime logs them.
"""

from collections.abc import Sequence
from typing import ClassVar


class FunctionError(Exception):
    """Base of the tree.

    Attributes:
        code: stable name for logs, alarms and HTTP bodies.
        retryable: whether the same request may succeed later without a change by anybody.
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
    """A secret could not be read, or does not have the form that is needed."""

    code = "secret_unavailable"
    retryable = True


class DatabaseUnavailableError(FunctionError):
    """The database could not be reached, or the connection broke on the way."""

    code = "database_unavailable"
    retryable = True


class DatabaseRefusedError(FunctionError):
    """The database refused a statement; the SQLSTATE is in the message."""

    code = "database_refused"


class EditBeforeMessageError(FunctionError):
    """An edit or delete arrived before its message; AWS's retry finds the message.

    Attributes:
        count: how many edits and deletes of the event found no message.
    """

    code = "edit_before_message"
    retryable = True

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"unable to apply {count} edit(s) or delete(s); no such message yet")


class RejectQueueUnavailableError(FunctionError):
    """The reject queue did not take every message; the event has to be delivered again."""

    code = "reject_queue_unavailable"
    retryable = True
