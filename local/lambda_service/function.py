"""The configuration of a function: the parts of its AWS configuration that matter locally."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ACCOUNT_ID = "123456789012"
REGION = "eu-west-1"
MEMORY_MB = 256


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function.

    Attributes:
        handler: dotted path of the handler, importable from the task root.
        environment: its variables, besides those that Lambda itself sets.
        timeout_seconds: a longer invocation is killed together with its worker.
        max_concurrency: worker processes at most; further invocations wait for one.
        max_waiting: synchronous invocations that may wait; further ones get status 429.
        max_queued: asynchronous invocations that may be unfinished; further ones get status 429.
        retry_delays_seconds: pauses before each retry of a failed asynchronous invocation. AWS
            waits 60 and 120 seconds; the default is shorter for development.
        max_event_age_seconds: an asynchronous event older than this is not retried.
        dead_letter_queue_url: SQS queue for events whose last retry failed; None drops them.
        prewarm: start one worker with the service instead of at the first invocation.
    """

    name: str
    handler: str
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 30.0
    max_concurrency: int = 4
    max_waiting: int = 1_000
    max_queued: int = 10_000
    retry_delays_seconds: tuple[float, ...] = (1.0, 2.0)
    max_event_age_seconds: float = 21_600.0
    dead_letter_queue_url: str | None = None
    prewarm: bool = False

    @property
    def arn(self) -> str:
        """The ARN that the function sees as its own."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{self.name}"
