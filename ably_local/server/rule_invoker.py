"""Runs rules: invokes functions and webhooks, with retries.

Invocations of one rule start in the order of the messages and may overlap, so they can finish in
any order. A stopped server keeps pending events, and repeats interrupted invocations when started.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
from yarl import URL

from ably_local.auth.keys import Key
from ably_local.base.errors import AblyError
from ably_local.core.rules import HTTP, LAMBDA, Rule
from ably_local.server.rule_requests import RuleRequest, invocation, webhook
from ably_local.server.sts import Roles

logger = logging.getLogger(__name__)

MAX_IN_FLIGHT = 25  # per rule, as on Ably's free plan
MAX_BATCH = 100  # events per batch; one batch per rule is in flight
MAX_PENDING = 10_000  # per rule
RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0)
REQUEST_SECONDS = 10

FindKey = Callable[[Rule], Key | None]
Report = Callable[[Rule, AblyError], None]
Event = dict[str, Any]


class Invoker:
    """Invokes functions while it runs; accepts events at any time.

    Attributes:
        find_key: returns the key that signs a rule's webhooks, if any.
        report: called for each abandoned invocation.
    """

    def __init__(
        self, endpoint_url: str | None, roles: Roles, find_key: FindKey, report: Report
    ) -> None:
        self._roles = roles
        self._find_key = find_key
        self._endpoint_url = endpoint_url.rstrip("/") if endpoint_url else None
        self._report = report
        self._queues: dict[str, _RuleQueue] = {}
        self._session: aiohttp.ClientSession | None = None

    def submit(self, rule: Rule, event: Event) -> None:
        """Queue one invocation; reports a failure instead of raising it."""
        if self._endpoint_url is None and rule.rule_type == LAMBDA:
            self._report(rule, AblyError(70000, 500, "no Lambda endpoint is configured"))
            return
        queue = self._queues.get(rule.id)
        if queue is None:
            queue = self._queues[rule.id] = _RuleQueue(self._invoke)
            if self._session is not None:
                queue.start()
        if len(queue.pending) >= MAX_PENDING:
            self._report(rule, AblyError(70003, 429, "too many invocations are pending"))
            return
        queue.put(rule, event)

    def start(self) -> None:
        """Start invoking, on the current event loop."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            connector=aiohttp.TCPConnector(limit=0),
        )
        for queue in self._queues.values():
            queue.start()

    async def stop(self) -> None:
        """Stop invoking; safe to call twice."""
        session, self._session = self._session, None
        if session is not None:
            await asyncio.gather(*(queue.stop() for queue in self._queues.values()))
            await session.close()

    async def _invoke(self, rule: Rule, events: list[Event]) -> None:
        for delay in (*RETRY_SECONDS, None):
            error = await self._attempt(rule, events)
            if error is None:
                return
            if delay is None or not _is_transient(error):
                self._report(rule, error)
                return
            await asyncio.sleep(delay)

    async def _attempt(self, rule: Rule, events: list[Event]) -> AblyError | None:
        if self._session is None:
            raise RuntimeError("the invoker is not started")
        try:
            delivery = await self._prepare(rule, events)
            # The signature covers the path as written, so aiohttp must not re-encode it.
            url = URL(delivery.url, encoded=rule.rule_type == LAMBDA)
            async with self._session.post(
                url, data=delivery.body, headers=delivery.headers
            ) as answer:
                await answer.read()
                status = answer.status
        except AblyError as error:
            return error
        except (aiohttp.ClientError, TimeoutError) as error:
            return AblyError(70001, 500, f"the invocation failed; {type(error).__name__}")
        if status == 429:
            return AblyError(42923, 429, "the target returned a rate-limit error")
        if not 200 <= status < 300:
            code = 50000 if status >= 500 else 40000
            return AblyError(70002, code // 100, f"the target returned status {status}")
        return None

    async def _prepare(self, rule: Rule, events: list[Event]) -> RuleRequest:
        if rule.rule_type == HTTP:
            return webhook(rule, events, signing_key=self._find_key(rule))
        (event,) = events
        credentials = await self._roles.credentials(rule)
        url = str(self._endpoint_url)
        return invocation(rule, event, endpoint_url=url, credentials=credentials)


class _RuleQueue:
    """The invocations of one rule, pending and in flight."""

    def __init__(self, invoke: Callable[[Rule, list[Event]], Coroutine[Any, Any, None]]) -> None:
        self.pending: deque[tuple[Rule, Event]] = deque()
        self._invoke = invoke
        self._in_flight: dict[asyncio.Task[None], list[tuple[Rule, Event]]] = {}
        self._started = False

    def put(self, rule: Rule, event: Event) -> None:
        self.pending.append((rule, event))
        self._fill()

    def start(self) -> None:
        self._started = True
        self._fill()

    async def stop(self) -> None:
        self._started = False
        in_flight = dict(self._in_flight)
        for task in in_flight:
            task.cancel()
        await asyncio.gather(*in_flight, return_exceptions=True)
        unfinished = [
            item for task, items in in_flight.items() if task.cancelled() for item in items
        ]
        self.pending.extendleft(reversed(unfinished))

    def _fill(self) -> None:
        while self._started and self.pending:
            rule = self.pending[0][0]
            max_tasks, size = (1, MAX_BATCH) if rule.request_mode == "batch" else (MAX_IN_FLIGHT, 1)
            if len(self._in_flight) >= max_tasks:
                return
            items = [self.pending.popleft() for _ in range(min(size, len(self.pending)))]
            events = [event for _, event in items]
            task = asyncio.create_task(self._invoke(rule, events), name=f"rule-{rule.id}")
            self._in_flight[task] = items
            task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        del self._in_flight[task]
        if not task.cancelled() and task.exception() is not None:
            logger.error("rule invocation failed unexpectedly", exc_info=task.exception())
        self._fill()


def _is_transient(error: AblyError) -> bool:
    return error.status == 429 or error.status >= 500
