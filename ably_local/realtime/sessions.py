"""The life of a connection: credentials, resume, heartbeats, token expiry.

connect ──▶ connected ──socket lost──▶ cut ──resume──▶ connected
             │                          ├─ after the grace: its members leave
             └─CLOSE──▶ gone            └─ after the ttl: gone, a resume gets a new connection
"""

import re
from functools import partial

from ably_local.auth.keys import Identity
from ably_local.base.codec import encode
from ably_local.base.errors import AblyError
from ably_local.base.protocol import Action
from ably_local.core.apps import App
from ably_local.core.connections import Connection, Transport, parse_connection_key
from ably_local.core.limits import InboundRates
from ably_local.core.service import Service
from ably_local.realtime.attaching import reapply_capability
from ably_local.realtime.membership import leave_all

PROMPT_MS = 30_000
_MILLISECONDS = re.compile(r"[0-9]{1,9}")


class Sessions:
    """The connections of all apps."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def connect(self, params: dict[str, str], transport: Transport) -> Connection | None:
        """Handle a new socket; returns None, after sending the reason, if it is refused."""
        echo = params.get("echo") != "false"
        key = params.get("resume") or params.get("recover")
        try:
            identity = self._identify(params)
            app = self._service.app(identity.app_id)
            connection, problem = self._resumable(app, identity, key) if key else (None, None)
            if connection is None:
                self._service.admit_connection()
        except AblyError as error:
            # DISCONNECTED makes the client try again with the same credentials.
            action = Action.DISCONNECTED if error.status == 429 else Action.ERROR
            transport.send(encode({"action": action, "error": error.info()}, transport.format))
            transport.close()
            return None
        if connection is None:
            rates = InboundRates(app.limits, app.clock)
            connection = Connection(identity, transport, echo=echo, rates=rates)
            app.connections[connection.id] = connection
        else:
            connection.cancel_timers()
            connection.take(transport, identity, echo=echo)
        connection.grace_ms = self._grace_ms(params)
        self._welcome(connection, problem)
        self._send_heartbeat(connection)
        self._watch_expiry(connection)
        return connection

    def reauthenticate(self, connection: Connection, token: object) -> None:
        """Replace the token of a live connection; a refused token ends the connection."""
        try:
            identity = self._renewed(connection.identity, token)
        except AblyError as error:
            connection.fail(error)
            return
        connection.identity = identity
        self._welcome(connection)
        self._watch_expiry(connection)
        reapply_capability(connection)

    def lose(self, connection: Connection, transport: Transport) -> None:
        """Handle the end of a socket; the connection can still be resumed."""
        if connection.transport is not transport:
            return
        connection.cancel_timers()
        connection.drop()
        timers, service = self._service.timers, self._service
        connection.timers["grace"] = timers.call_in(
            connection.grace_ms, partial(self._leave, connection)
        )
        connection.timers["ttl"] = timers.call_in(
            service.connection_ttl_ms, partial(self._forget, connection)
        )

    def close(self, connection: Connection) -> None:
        """Handle CLOSE: the connection ends."""
        connection.send(Action.CLOSED)
        connection.cancel_timers()
        connection.drop()
        self._forget(connection)

    def _grace_ms(self, params: dict[str, str]) -> int:
        """How long members stay after a lost connection: `remainPresentFor`, or the default.

        Members never outlive the connection, which is dropped after its ttl.
        """
        given = params.get("remainPresentFor", "")
        return int(given) if _MILLISECONDS.fullmatch(given) else self._service.presence_grace_ms

    def _identify(self, params: dict[str, str]) -> Identity:
        token = params.get("access_token") or params.get("accessToken")
        if token:
            identity = self._service.identify_token(token)
        elif params.get("key"):
            identity = self._service.identify_key(params["key"])
        else:
            raise AblyError(40106, 401, "no authentication information provided")
        return identity.with_client_id(params.get("clientId") or None)

    def _renewed(self, held: Identity, token: object) -> Identity:
        if not isinstance(token, str):
            raise AblyError(40101, 401, "invalid credentials; AUTH carries no accessToken")
        identity = self._service.identify_token(token)
        if identity.app_id != held.app_id:
            raise AblyError(40102, 401, "incompatible credentials; the token is of another app")
        return (
            identity if held.client_id in (None, "*") else identity.with_client_id(held.client_id)
        )

    def _resumable(
        self, app: App, identity: Identity, key: str
    ) -> tuple[Connection | None, AblyError | None]:
        parsed = parse_connection_key(key)
        if parsed is None:
            return None, AblyError(80018, 400, "unable to resume; the connection key is malformed")
        connection_id, secret = parsed
        connection = app.connections.get(connection_id)
        if connection is None:
            return None, AblyError(80008, 400, "unable to resume; the connection has expired")
        if connection.secret != secret:
            return None, AblyError(80018, 400, "unable to resume; the connection key is wrong")
        if connection.identity.client_id != identity.client_id:
            return None, AblyError(80011, 400, "unable to resume; the clientId has changed")
        return connection, None

    def _welcome(self, connection: Connection, problem: AblyError | None = None) -> None:
        service = self._service
        details = {
            "connectionKey": connection.key,
            "clientId": connection.identity.client_id,
            "maxMessageSize": service.limits.message_bytes,
            "maxFrameSize": service.limits.frame_bytes,
            "maxInboundRate": service.limits.connection_rate,
            "connectionStateTtl": service.connection_ttl_ms,
            "maxIdleInterval": service.max_idle_ms,
            "serverId": "local",
            "siteCode": "local",
        }
        connection.send(
            Action.CONNECTED,
            connectionId=connection.id,
            connectionDetails={name: value for name, value in details.items() if value is not None},
            error=problem.info() if problem else None,
        )

    def _send_heartbeat(self, connection: Connection) -> None:
        """Send a heartbeat before the silence reaches `max_idle_ms`."""
        if not connection.spoke:
            connection.send(Action.HEARTBEAT)
        connection.spoke = False
        connection.timers["beat"] = self._service.timers.call_in(
            self._service.max_idle_ms // 2, partial(self._send_heartbeat, connection)
        )

    def _watch_expiry(self, connection: Connection) -> None:
        for name in ("prompt", "expiry"):
            if name in connection.timers:
                connection.timers.pop(name).cancel()
        expires_ms = connection.identity.expires_ms
        if expires_ms is None:
            return
        timers = self._service.timers
        if expires_ms - PROMPT_MS > self._service.clock.now_ms():
            connection.timers["prompt"] = timers.call_at(
                expires_ms - PROMPT_MS, partial(connection.send, Action.AUTH)
            )
        connection.timers["expiry"] = timers.call_at(expires_ms, partial(_expire, connection))

    def _leave(self, connection: Connection) -> None:
        app = self._service.apps.get(connection.identity.app_id)
        if app is not None:
            for channel in list(connection.presence_channels):
                leave_all(app, channel, connection)

    def _forget(self, connection: Connection) -> None:
        self._leave(connection)
        app = self._service.apps.get(connection.identity.app_id)
        if app is not None:
            app.connections.pop(connection.id, None)


def _expire(connection: Connection) -> None:
    """Close the socket of an expired token; the client resumes with a new token."""
    connection.disconnect(AblyError(40142, 401, "token expired"))
