"""One invocation of a function and its outcome, in the terms that Lambda uses for each failure."""

import json
import secrets
import time
import uuid
from dataclasses import dataclass, field

MAX_RESPONSE_BYTES = 6 * 1024 * 1024


def new_trace_id() -> str:
    """An X-Ray trace header, as Lambda generates it when the caller sends none."""
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0"


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """An invocation; all retries of one event carry the same request id."""

    payload: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=new_trace_id)
    client_context: str | None = None


@dataclass(frozen=True)
class Outcome:
    """The function's answer, or the error document that Lambda returns instead."""

    payload: bytes
    failed: bool = False

    def error_message(self) -> str:
        """The error message of a failed outcome; empty if it has none."""
        try:
            document = json.loads(self.payload)
        except ValueError:
            return ""
        return str(document.get("errorMessage", "")) if isinstance(document, dict) else ""


def timed_out(invocation: Invocation, timeout_seconds: float) -> Outcome:
    """The outcome of an invocation that exceeded the function's timeout."""
    reason = f"Task timed out after {timeout_seconds:.2f} seconds"
    return _failure(invocation, "Sandbox.Timedout", reason)


def exited(invocation: Invocation, returncode: int | None) -> Outcome:
    """The outcome of an invocation whose worker process ended during it."""
    how = "unknown"
    if returncode is not None:
        how = f"signal: {-returncode}" if returncode < 0 else f"exit status {returncode}"
    return _failure(invocation, "Runtime.ExitError", f"Runtime exited with error: {how}")


def not_started(invocation: Invocation, seconds: float) -> Outcome:
    """The outcome of an invocation whose worker did not ask for work in time."""
    reason = f"Runtime did not start within {seconds:.0f} seconds"
    return _failure(invocation, "Sandbox.Timedout", reason)


def response_too_large(invocation: Invocation) -> Outcome:
    """The outcome of an invocation whose response exceeds the limit."""
    reason = f"Response payload size exceeded maximum allowed size ({MAX_RESPONSE_BYTES} bytes)."
    return _failure(invocation, "Function.ResponseSizeTooLarge", reason)


def _failure(invocation: Invocation, error_type: str, reason: str) -> Outcome:
    message = f"RequestId: {invocation.request_id} Error: {reason}"
    return Outcome(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), True)  # noqa: FBT003  # failed
