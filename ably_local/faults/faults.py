"""Fault injection: which HTTP requests fail, and how.

Nothing fails at random: a share of requests is spread evenly, so that a failing test fails again
on the next run.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from ably_local.auth.keys import random_id
from ably_local.base.errors import AblyError
from ably_local.http.fields import Fields

Kind = Literal["fail", "hang", "delay", "drop"]

KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(eq=False, kw_only=True)
class Fault:
    """A fault, and the requests that it hits.

    Attributes:
        kind: `fail` answers with `error` and has no other effect; `hang` never answers; `delay`
            performs the request immediately and answers late; `drop` performs it and closes the
            connection instead of answering.
        path: a regular expression, searched for in the path; empty matches every request.
        method: the HTTP method to match; None matches any.
        times: how many requests are hit at most; None has no limit.
        share: the share of matching requests that are hit, from 0 to 1.
        hits: how many requests were hit so far.
    """

    kind: Kind
    path: str = ""
    method: str | None = None
    times: int | None = None
    share: float = 1.0
    status: int = 500
    code: int = 50000
    delay_ms: int = 1000
    hits: int = 0
    id: str = field(default_factory=lambda: random_id(8))
    _due: float = 0.0

    @property
    def error(self) -> AblyError:
        """The error with which `fail` answers."""
        return AblyError(self.code, self.status, f"injected fault ({self.id})")

    def hit(self, method: str, path: str) -> bool:
        """Whether the fault hits this request; counts the hit."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.method not in (None, method) or not re.search(self.path, path):
            return False
        self._due += self.share
        # Floating-point shares such as 0.1 do not add up to exactly 1.
        if self._due < 1 - 1e-9:
            return False
        self._due -= 1
        self.hits += 1
        return True

    def describe(self) -> dict[str, object]:
        """The fault as the admin endpoint shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "path": self.path,
            "method": self.method,
            "times": self.times,
            "share": self.share,
            "status": self.status,
            "code": self.code,
            "delayMs": self.delay_ms,
            "hits": self.hits,
        }


class Faults:
    """The faults of one server, tried in the order of creation.

    Attributes:
        on_removed: called for each fault that is removed, so that hanging requests can end.
    """

    def __init__(self) -> None:
        self.on_removed: Callable[[Fault], None] = lambda _fault: None
        self._faults: dict[str, Fault] = {}

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults.values()))

    def add(self, fault: Fault) -> Fault:
        """Add a fault; it applies from the next request on."""
        self._faults[fault.id] = fault
        return fault

    def remove(self, fault_id: str) -> None:
        """Remove a fault.

        Raises:
            AblyError: 40400, if there is no such fault.
        """
        if fault_id not in self._faults:
            raise AblyError(40400, 404, "no such fault")
        self.on_removed(self._faults.pop(fault_id))

    def clear(self) -> None:
        """Remove all faults."""
        for fault in self:
            self.remove(fault.id)

    def choose(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request, if any."""
        return next((fault for fault in self if fault.hit(method, path)), None)


def parse_fault(fields: Fields) -> Fault:
    """Parse a fault from the body of an admin request.

    Raises:
        AblyError: 422, if a field is wrong or unknown.
    """
    fault = Fault(kind=cast("Kind", fields.text("kind", one_of=KINDS)))
    fault.path = fields.take("path", str) or ""
    try:
        re.compile(fault.path)
    except re.error as error:
        raise AblyError(40000, 422, f"path is not a regular expression; {error}") from error
    fault.method = fields.take("method", str)
    fault.times = fields.number("times", least=1)
    fault.status = fields.number("status", least=400, most=599) or fault.status
    fault.code = fields.number("code", least=10_000, most=99_999) or fault.status * 100
    fault.delay_ms = fields.number("delayMs") or fault.delay_ms
    share = fields.take("share", int, float)
    if share is not None and not 0 < share <= 1:
        raise AblyError(40000, 422, "share must be above 0 and at most 1")
    fault.share = fault.share if share is None else float(share)
    fields.done()
    return fault
