"""Runs a custom resource's work and sends CloudFormation one response, whatever happens.

CloudFormation waits for a response, not for the end of the function. A failure says what to do,
and CloudFormation rolls the deploy back. It then sends an Update with the old properties, which may
fail for the same cause as the update. That failure is logged and reported as a success: after a
failed rollback (UPDATE_ROLLBACK_FAILED) no deploy is possible until a person repairs the stack.
docs/adr/0011 has the reasons.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.common.backoff import Backoff
from lambdas.common.cloudformation import (
    RESPONSE_SECONDS,
    STATUS_SECONDS,
    ChangeRequest,
    answer,
    is_rolling_back,
)
from lambdas.common.errors import FunctionError
from lambdas.common.observability import logger

# Reserved from the function's time for the last request, the stack's status, and the response.
_RESERVE_SECONDS = 10.0 + STATUS_SECONDS + RESPONSE_SECONDS

# Carries out a request; returns the resource's physical id.
CarryOut = Callable[[ChangeRequest, Backoff], str]


def serve(
    event: Mapping[str, Any],
    context: LambdaContext,
    carry_out: CarryOut,
    *,
    no_id: str,
    backoff: Backoff,
) -> None:
    """Carry out a request and respond to it.

    Args:
        event: the request.
        context: provides the time that is left.
        carry_out: raises if the request cannot be carried out.
        no_id: the physical id of a failed Create; no resource has it.
        backoff: for transient failures; this function limits its time.

    Raises:
        OSError: the response could not be sent; Lambda then runs the request again.
    """
    request = ChangeRequest.from_event(event)
    backoff = backoff.within(
        lambda: context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    )
    physical_id, problem = request.physical_id or no_id, None
    try:
        physical_id = carry_out(request, backoff)
    except Exception as exc:  # noqa: BLE001  # the top: CloudFormation waits for an answer
        problem = None if _let_through(request, no_id, exc) else _sentence(exc)
    answer(request, physical_id=physical_id, problem=problem, backoff=backoff)


def _let_through(request: ChangeRequest, no_id: str, exc: Exception) -> bool:
    """Log a failure; returns whether to report success to CloudFormation nevertheless."""
    if request.kind == "Update" and is_rolling_back(request.stack_id):
        _log("resource change failed, rollback continues", exc)
        return True
    _log("resource change failed", exc)
    # This Delete rolls back a failed Create and most likely fails for the same cause.
    return request.kind == "Delete" and request.physical_id == no_id


def _log(message: str, exc: Exception) -> None:
    logger().error(
        message,
        exc_info=None if isinstance(exc, FunctionError) else exc,
        extra={
            "action": "change_resource",
            "error_code": _code(exc),
            "problem": _sentence(exc),
        },
    )


def _sentence(exc: Exception) -> str:
    if isinstance(exc, FunctionError):
        return str(exc)
    return f"the function {logger().service} failed unexpectedly ({_code(exc)}); see its log"


def _code(exc: Exception) -> str:
    return exc.code if isinstance(exc, FunctionError) else type(exc).__name__
