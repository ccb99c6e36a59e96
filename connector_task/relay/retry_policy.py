"""What a failed publish means, and how long to wait before the next: pure decisions."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from connector_task.errors import ErrorCode, PublishError

TOO_MANY_REQUESTS = 429
REQUEST_TIMEOUT = 408
CHANNEL_CODES = frozenset({40010, 40160})  # no such channel name; not within the key's capability
TOO_LARGE_CODE = 40009
BAD_REQUEST_CODES = range(40000, 40100)


class ErrorClass(Enum):
    """What is to be done about a failed publish."""

    AGAIN = auto()
    """It may pass: send the same batch later, under the same ids."""

    BLOCKED = auto()
    """The key, the account or the address is wrong: later, and someone must act meanwhile."""

    CHANNEL_REFUSED = auto()
    """Nothing will ever be accepted on this channel as things are."""

    MESSAGE_REFUSED = auto()
    """Some message of the batch will never be accepted; the others may be."""


def classify(error: PublishError) -> ErrorClass:
    """Decide by Ably's code first, then by the HTTP status.

    Whatever is not known to be final for a message or a channel is waited out: waiting is visible
    and can be ended, a message that was wrongly given up cannot be put back in its place.
    """
    code = error.code
    if isinstance(code, ErrorCode) or _may_pass(code, error.status):
        return ErrorClass.AGAIN
    if code in CHANNEL_CODES:
        return ErrorClass.CHANNEL_REFUSED
    return ErrorClass.MESSAGE_REFUSED if code in BAD_REQUEST_CODES else ErrorClass.BLOCKED


def _may_pass(code: int, status: int) -> bool:
    is_token = 40140 <= code < 40150
    is_rate = status == TOO_MANY_REQUESTS or 42900 <= code < 43000
    is_server = status >= 500 or 50000 <= code < 60000 or code in (80021, 90021)
    is_timeout = status == REQUEST_TIMEOUT
    return is_token or is_rate or is_server or is_timeout


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Exponential, capped, with full jitter: any time between nothing and the exponential bound."""

    base_seconds: float = 0.1
    cap_seconds: float = 30.0
    random: Callable[[], float]

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, at least one."""
        # Past 2**16 the cap has long been reached, and floats must not overflow.
        bound = self.base_seconds * 2.0 ** min(failures, 16)
        return self.random() * min(self.cap_seconds, bound)
