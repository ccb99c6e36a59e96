"""Handlers that succeed and fail, for the tests of the local Lambda service."""

import os
import signal
import time
from pathlib import Path
from typing import Any


def echo(event: Any, context: Any) -> dict[str, Any]:
    print(f"echo was called by {context.aws_request_id}")  # noqa: T201  # the test needs the log line
    return {
        "event": event,
        "pid": os.getpid(),
        "function": context.function_name,
        "arn": context.invoked_function_arn,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "trace": os.environ["_X_AMZN_TRACE_ID"],
        "setting": os.environ.get("SETTING"),
        "region": os.environ["AWS_REGION"],
        "home": os.environ.get("HOME"),
    }


def fail(event: Any, _context: Any) -> None:
    """Record the call in the file that the event names, then raise."""
    if "calls" in event:
        with Path(event["calls"]).open("a") as calls:
            calls.write("called\n")
    raise ValueError("no good " * event.get("times", 1))


def fail_once(event: Any, context: Any) -> None:
    """Raise on the first call for an event; record the request id of each call."""
    calls = Path(event["calls"])
    tried_before = calls.exists()
    with calls.open("a") as lines:
        lines.write(context.aws_request_id + "\n")
    if not tried_before:
        raise ValueError("not yet")


def crash(event: Any, _context: Any) -> int:
    if event.get("how") == "exit":
        os._exit(3)
    if event.get("how") == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def hang(event: Any, _context: Any) -> int:
    """Sleep for the time in the event."""
    time.sleep(event.get("seconds", 0))
    return os.getpid()


def meet(event: Any, _context: Any) -> int:
    """Return once the number of concurrent calls in the event is reached."""
    folder = Path(event["folder"])
    (folder / str(os.getpid())).touch()
    deadline = time.monotonic() + 15
    while len(list(folder.iterdir())) < event["count"]:
        if time.monotonic() > deadline:
            raise TimeoutError("the others did not come")
        time.sleep(0.01)
    return os.getpid()


def large(event: Any, _context: Any) -> str:
    return "x" * int(event["bytes"])
