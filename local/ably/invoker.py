"""The shell that runs rules: Lambda invocations through AWS's Invoke API, signed and retried.

Invocations of one rule begin in the order of the messages and may overlap, so they can end in any
other. What waits is kept over a stop and start; what was on its way then is sent again.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.ably.errors import AblyError
from local.ably.roles import Roles
from local.ably.rules import Rule

logger = logging.getLogger(__name__)

MAX_IN_FLIGHT = 25  # per rule, as on a free plan
MAX_WAITING = 10_000  # per rule
RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0)
REQUEST_SECONDS = 10

Report = Callable[[Rule, AblyError], None]
Event = dict[str, Any]


class Invoker:
    """Invokes functions while started, and collects events to invoke them with at any time.

    Attributes:
        report: told of each invocation that is given up.
    """

    def __init__(self, endpoint_url: str | None, roles: Roles, report: Report) -> None:
        self._roles = roles
        self._endpoint_url = endpoint_url.rstrip("/") if endpoint_url else None
        self._report = report
        self._queues: dict[str, _RuleQueue] = {}
        self._session: aiohttp.ClientSession | None = None

    def submit(self, rule: Rule, event: Event) -> None:
        """Queue one invocation; reported, not raised, where it cannot be."""
        if self._endpoint_url is None:
            self._report(rule, AblyError(70000, 500, "there is no Lambda endpoint to invoke"))
            return
        queue = self._queues.get(rule.id)
        if queue is None:
            queue = self._queues[rule.id] = _RuleQueue(self._invoke)
            if self._session is not None:
                queue.start()
        if len(queue.waiting) >= MAX_WAITING:
            self._report(rule, AblyError(70003, 429, "too many invocations are waiting"))
            return
        queue.put(rule, event)

    def start(self) -> None:
        """Begin to invoke, on the current event loop."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            connector=aiohttp.TCPConnector(limit=0),
        )
        for queue in self._queues.values():
            queue.start()

    async def stop(self) -> None:
        """Invoke no more; safe to call twice."""
        session, self._session = self._session, None
        if session is not None:
            await asyncio.gather(*(queue.stop() for queue in self._queues.values()))
            await session.close()

    async def _invoke(self, rule: Rule, event: Event) -> None:
        body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        for delay in (*RETRY_SECONDS, None):
            error = await self._attempt(rule, body)
            if error is None:
                return
            if delay is None or not _is_passing(error):
                self._report(rule, error)
                return
            await asyncio.sleep(delay)

    async def _attempt(self, rule: Rule, body: bytes) -> AblyError | None:
        if self._session is None:
            raise RuntimeError("the invoker is not started")
        name = quote(rule.function_name, safe="")
        url = f"{self._endpoint_url}/2015-03-31/functions/{name}/invocations"
        try:
            headers = _sign(rule, await self._roles.credentials(rule), url, body)
            async with self._session.post(url, data=body, headers=headers) as answer:
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


class _RuleQueue:
    """The invocations of one rule, waiting and in flight."""

    def __init__(self, invoke: Callable[[Rule, Event], Coroutine[Any, Any, None]]) -> None:
        self.waiting: deque[tuple[Rule, Event]] = deque()
        self._invoke = invoke
        self._flying: dict[asyncio.Task[None], tuple[Rule, Event]] = {}
        self._started = False

    def put(self, rule: Rule, event: Event) -> None:
        self.waiting.append((rule, event))
        self._fill()

    def start(self) -> None:
        self._started = True
        self._fill()

    async def stop(self) -> None:
        self._started = False
        flying = dict(self._flying)
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)
        unfinished = [item for task, item in flying.items() if task.cancelled()]
        self.waiting.extendleft(reversed(unfinished))

    def _fill(self) -> None:
        while self._started and self.waiting and len(self._flying) < MAX_IN_FLIGHT:
            rule, event = item = self.waiting.popleft()
            task = asyncio.create_task(self._invoke(rule, event), name=f"rule-{rule.id}")
            self._flying[task] = item
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        del self._flying[task]
        if not task.cancelled() and task.exception() is not None:
            logger.error("rule invocation broke", exc_info=task.exception())
        self._fill()


def _is_passing(error: AblyError) -> bool:
    return error.status == 429 or error.status >= 500


def _sign(rule: Rule, credentials: Credentials, url: str, body: bytes) -> dict[str, str]:
    request = AWSRequest(
        method="POST",
        url=url,
        data=body,
        headers={"Content-Type": "application/json", "X-Amz-Invocation-Type": "Event"},
    )
    SigV4Auth(credentials, "lambda", rule.target["region"]).add_auth(request)
    return dict(request.headers.items())
