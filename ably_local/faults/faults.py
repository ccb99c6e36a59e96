"""Faults on demand: which of the coming HTTP requests are to go wrong, and how.

Nothing goes wrong by itself or by chance: a share of requests is spread evenly, so that a test that
fails does so again.
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
    """What is to happen to the requests that match.

    Attributes:
        kind: `fail` answers with `error` and does nothing else; `hang` never answers; `delay` does
            what was asked at once and answers late; `drop` does it and breaks the connection in
            place of an answer.
        path: a regular expression, searched for in the path; empty takes every request.
        method: of the requests that match; None takes any.
        times: how many requests are hit at most; None goes on until the fault is removed.
        share: of the requests that match, from 0 to 1.
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
        """The refusal of `fail`."""
        return AblyError(self.code, self.status, f"a fault that was asked for ({self.id})")

    def hit(self, method: str, path: str) -> bool:
        """Whether this request is to go wrong; counts it."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.method not in (None, method) or not re.search(self.path, path):
            return False
        self._due += self.share
        # Shares such as 0.1 do not add up to exactly 1.
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
    """The faults of one server, asked in the order they were made.

    Attributes:
        on_removed: told of each fault that is taken away, so that what hangs can end.
    """

    def __init__(self) -> None:
        self.on_removed: Callable[[Fault], None] = lambda _fault: None
        self._faults: dict[str, Fault] = {}

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults.values()))

    def add(self, fault: Fault) -> Fault:
        """Let a fault come about from the next request on."""
        self._faults[fault.id] = fault
        return fault

    def remove(self, fault_id: str) -> None:
        """Take a fault away.

        Raises:
            AblyError: 40400, there is none.
        """
        if fault_id not in self._faults:
            raise AblyError(40400, 404, "no such fault")
        self.on_removed(self._faults.pop(fault_id))

    def clear(self) -> None:
        """Take all faults away."""
        for fault in self:
            self.remove(fault.id)

    def choose(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, if any."""
        return next((fault for fault in self if fault.hit(method, path)), None)


def parse_fault(fields: Fields) -> Fault:
    """A fault from the body of an admin request.

    Raises:
        AblyError: 422, a field is wrong or unknown.
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
