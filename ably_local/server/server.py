"""The local Ably's server: one aiohttp server on loopback for REST, WebSockets and Control API."""

import json
import logging

from aiohttp import web
from botocore.credentials import Credentials

from ably_local.auth.keys import Key, parse_key
from ably_local.base.clock import Clock, SystemClock
from ably_local.base.errors import AblyError
from ably_local.core.limits import Limits
from ably_local.core.publishing import announce
from ably_local.core.rules import Rule
from ably_local.core.service import Service
from ably_local.faults.admin import FaultAdmin, is_admin
from ably_local.faults.faults import Faults
from ably_local.http import cors
from ably_local.http.exchange import Request, Response, failure
from ably_local.http_guard import LOOPBACK_PAGES, AccessPolicy
from ably_local.http_guard.middleware import head_of
from ably_local.http_guard.refusal_log import RefusalLog
from ably_local.messages.message import Message
from ably_local.realtime.protocol import Realtime
from ably_local.rest.router import Rest, is_administration
from ably_local.server.fault_injection import FaultInjector
from ably_local.server.rule_invoker import Invoker
from ably_local.server.sts import Roles
from ably_local.server.timers import TimerLoop
from ably_local.server.websockets import Sockets

logger = logging.getLogger(__name__)

# Used when no AWS credentials are given: an emulator accepts any.
UNKNOWN = Credentials("local-ably", "local-ably")


class AblyServer:
    """A local Ably. A stopped server can be started again and keeps its state and port.

    Attributes:
        port: the TCP port; 0 until `start`, unless one was requested.
        app_id: the first app's id.
        api_key: the first app's key, with all capabilities.
        control_token: access token of the Control API.
        service: the core, for tests that inspect it.
        faults: the injected faults.
    """

    def __init__(  # noqa: PLR0913  # the options of a server, each with a default
        self,
        *,
        port: int = 0,
        app_id: str | None = None,
        account_id: str = "local",
        api_key: str | None = None,
        control_token: str | None = None,
        limits: Limits | None = None,
        lambda_endpoint_url: str | None = None,
        sts_endpoint_url: str | None = None,
        clock: Clock | None = None,
        keep_audit: bool = False,
        fault_admin: bool = False,
        provisioning: bool = False,
        access: AccessPolicy = LOOPBACK_PAGES,
        aws_credentials: Credentials = UNKNOWN,
    ) -> None:
        """Create a server that does not listen yet.

        Args:
            port: TCP port on 127.0.0.1; 0 picks a free one at the first start.
            app_id: the first app's id; by default that of the key, or a random one.
            account_id: the account id that the Control API shows.
            api_key: `<app>.<key>:<secret>`; generated if None.
            control_token: generated if None.
            limits: the limits of an Ably plan if None; `Limits.off()` for none.
            lambda_endpoint_url: the Lambda endpoint; without it, invocations of functions fail.
            sts_endpoint_url: the STS endpoint; without it, the server accepts roles without
                assuming them.
            clock: the system clock if None.
            keep_audit: keep every accepted message for `published`.
            fault_admin: serve `/faults`, authorised by the control token.
            provisioning: let any client create test apps with `POST /apps`.
            access: accepted hosts and origins of pages; by default only loopback. Pages can never
                use the Control API and other endpoints for tools.
            aws_credentials: the server's own credentials, with which it assumes roles; without
                `sts_endpoint_url`, it uses them for rules that name a role.

        Raises:
            ValueError: if the key is malformed, or belongs to another app than `app_id`.
        """
        key = parse_key(api_key) if api_key else None
        if key and app_id and key.app_id != app_id:
            raise ValueError("the API key belongs to another app than app_id")
        roles = Roles(sts_endpoint_url, account_id, aws_credentials)
        self._invoker = Invoker(lambda_endpoint_url, roles, self._signing_key, self._report)
        self.service = Service(
            clock=clock or SystemClock(),
            limits=limits or Limits(),
            account_id=account_id,
            keep_audit=keep_audit,
            invoke=self._invoker.submit,
        )
        if control_token:
            self.service.control_token = control_token
        app = self.service.create_app("local", app_id=key.app_id if key else app_id, key=key)
        self.port = port
        self.app_id = app.id
        self.api_key = next(iter(app.keys.values())).text
        self.control_token = self.service.control_token
        self.faults = Faults()
        self._fault_injector = FaultInjector(self.faults)
        self._sockets = Sockets(Realtime(self.service), self.service.limits)
        admin = FaultAdmin(self.faults, self._sockets.cut) if fault_admin else None
        self._rest = Rest(self.service, fault_admin=admin, provisioning=provisioning)
        self._access = access
        self._access_of_tools = access.without_pages()
        self._refusals = RefusalLog()
        self._timer_loop = TimerLoop(self.service.timers)
        self._runner: web.AppRunner | None = None

    @property
    def control_api_url(self) -> str:
        """Base URL of the Control API."""
        return f"http://127.0.0.1:{self.port}/v1"

    def published(self, channel: str) -> list[Message]:
        """Every message that the first app accepted on a channel, in order."""
        audit = self.service.app(self.app_id).audit
        if audit is None:
            raise RuntimeError("the server keeps no audit; create it with keep_audit=True")
        return list(audit.get(channel, []))

    def cut_connections(self) -> None:
        """Break every WebSocket without a close frame, as a network failure does."""
        self._sockets.cut()

    async def start(self) -> None:
        """Listen on 127.0.0.1.

        Raises:
            OSError: if the port is in use.
        """
        application = web.Application(client_max_size=self.service.limits.batch_bytes + 1024)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            self._runner = None
            raise
        self._timer_loop.start()
        self._invoker.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every socket and stop listening; safe to call twice."""
        runner, self._runner = self._runner, None
        await self._timer_loop.stop()
        await self._invoker.stop()
        self._fault_injector.release_all()
        if runner is not None:
            await self._sockets.close()
            await runner.cleanup()

    def _report(self, rule: Rule, error: AblyError) -> None:
        """Report a failed rule: in the log and, as Ably does, on `[meta]log`."""
        logger.warning("rule %s (%s) failed: %s", rule.id, rule.rule_type, error)
        app = self.service.apps.get(rule.app_id)
        if app is not None:
            facts = {"ruleId": rule.id, "ruleType": rule.rule_type, "error": error.info()}
            announce(app, "[meta]log", "rule.error", json.dumps(facts))

    def _signing_key(self, rule: Rule) -> Key | None:
        app = self.service.apps.get(rule.app_id)
        return app.keys.get(rule.target["signingKeyId"] or "") if app else None

    async def _answer(self, given: web.Request) -> web.StreamResponse:
        request = _core_request(given)
        if (refused := self._refuse(given, request)) is not None:
            return refused
        fault = None if is_admin(given.path) else self.faults.choose(given.method, given.path)
        if fault is None:
            return await self._answer_normally(given, request)
        return await self._fault_injector.answer(
            fault,
            given,
            act=lambda: self._answer_normally(given, request),
            render=lambda response: _rendered(request, response),
        )

    def _refuse(self, given: web.Request, request: Request) -> web.Response | None:
        """The response to a request that the guard refuses; no page can read it."""
        access = self._access_of_tools if is_administration(request) else self._access
        refusal = access.refusal(head_of(given))
        if refusal is None:
            return None
        self._refusals.note(refusal.sentence)
        answer = failure(AblyError(40300, refusal.status, refusal.sentence))
        body, headers = answer.render(request.response_format)
        return web.Response(status=answer.status, body=body, headers=headers)

    async def _answer_normally(self, given: web.Request, request: Request) -> web.StreamResponse:
        if given.path == "/" and given.headers.get("upgrade", "").lower() == "websocket":
            return await self._sockets.serve(given)
        try:
            request.body = await given.read()
        except web.HTTPRequestEntityTooLarge:
            return _rendered(request, failure(AblyError(40009, 413, "the body is too large")))
        except ConnectionError:
            return web.Response(status=400)  # the client disconnected during the request
        return _rendered(request, self._handle(request))

    def _handle(self, request: Request) -> Response:
        try:
            return self._rest.handle(request)
        except Exception:  # answer also on a bug, so that no client waits
            logger.exception("unable to handle %s %s", request.method, request.segments)
            return failure(AblyError(50000, 500, "internal error"))


def _core_request(given: web.Request) -> Request:
    return Request(
        method=given.method,
        target=given.raw_path,
        headers={name.lower(): value for name, value in given.headers.items()},
    )


def _rendered(request: Request, response: Response) -> web.Response:
    cors.allow(request, response)
    body, headers = response.render(request.response_format)
    return web.Response(status=response.status, body=body, headers=headers)
