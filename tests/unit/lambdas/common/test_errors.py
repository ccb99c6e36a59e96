"""The exception tree: what each error says, and whether trying again helps."""

import pytest

from lambdas.common import errors
from lambdas.common.errors import FunctionError


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (errors.SettingsError(["A is missing"]), "settings_invalid", False),
        (errors.SecretUnavailableError("x"), "secret_unavailable", True),
        (errors.DatabaseUnavailableError("x"), "database_unavailable", True),
        (errors.DatabaseRefusedError("x"), "database_refused", False),
        (errors.EditBeforeMessageError(2), "edit_before_message", True),
        (errors.RejectQueueUnavailableError("x"), "reject_queue_unavailable", True),
    ],
)
def test_each_error_has_its_code(error: FunctionError, code: str, retryable: bool) -> None:  # noqa: FBT001  # a parameter of the table
    assert error.code == code
    assert error.retryable is retryable
    assert type(error).__name__ in str(errors.__doc__)


def test_an_early_edit_says_how_many_wait() -> None:
    assert str(errors.EditBeforeMessageError(2)) == (
        "unable to apply 2 edit(s) or delete(s); their message has not arrived yet"
    )
