"""Says over HTTP whether the relay's loop is alive, and asks another process the same.

Unhealthy means: restarting this process would help. An Ably or a Postgres that is down is not its
fault and is only told in the body.
"""

import asyncio
import http.client
import json
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any

from connector_task.errors import CommandError, ConnectorError, ErrorCode
from connector_task.relay.state import RelayState, Role

STUCK_SECONDS = 60.0  # longer than any single wait of the loop
REQUEST_SECONDS = 5.0
REQUEST_MAX_BYTES = 8192
ROLES = [
    Role.LEADER,
    Role.STANDBY,
    Role.STARTING,
    Role.STOPPED,
]  # the first found is reported
ADDRESS = "127.0.0.1"


def report(state: Sequence[RelayState], now: float) -> tuple[HTTPStatus, dict[str, Any]]:
    """The answer for the present state of every shard's relay."""
    silent_seconds = max(now - shard.ticked_at for shard in state)
    roles = [shard.role for shard in state]
    is_alive = silent_seconds <= STUCK_SECONDS and Role.STOPPED not in roles
    body = {
        "status": "ok" if is_alive else "stuck",
        "role": min(roles, key=ROLES.index),
        "shards": roles,
        "last_turn_ms": round(silent_seconds * 1000),
        "components": {
            "postgres": _component(shard.database_error for shard in state),
            "ably": _component(shard.ably_error for shard in state),
        },
    }
    return (HTTPStatus.OK if is_alive else HTTPStatus.SERVICE_UNAVAILABLE), body


def _component(errors: Iterable[str | None]) -> dict[str, str]:
    error = next((error for error in errors if error), None)
    return {"status": "down", "error_code": error} if error else {"status": "ok"}


class HealthServer:
    """Answers `GET /health` on this machine's loopback address."""

    def __init__(self, *, port: int, state: Sequence[RelayState], now: Callable[[], float]) -> None:
        self._port = port
        self._state = state
        self._now = now

    async def serve(self) -> None:
        """Answer until cancelled.

        Raises:
            ConnectorError: the port is not to be had.
        """
        try:
            server = await asyncio.start_server(self._answer, ADDRESS, self._port)
        except OSError as exc:
            message = f"unable to answer health checks on port {self._port}; {exc.strerror}"
            raise ConnectorError(ErrorCode.HEALTH_PORT_UNAVAILABLE, message) from exc
        async with server:
            await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._response(request))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client has disconnected, or does not speak HTTP
        finally:
            writer.close()

    def _response(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b" ")
        target = rest.partition(b" ")[0]
        if method not in (b"GET", b"HEAD") or target != b"/health":
            return _http(HTTPStatus.NOT_FOUND, {"status": "not found"})
        return _http(*report(self._state, self._now()))


def _http(status: HTTPStatus, body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/json\r\n"
        "Cache-Control: no-store\r\n"
        f"Content-Length: {len(content)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + content


def ask(port: int) -> str:
    """Ask the connector on this machine how it is.

    Returns:
        its answer, JSON.

    Raises:
        CommandError: it is stuck, or does not answer.
    """
    # Not urllib, which would send the question to a proxy where one is set.
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=REQUEST_SECONDS)
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        body = response.read(REQUEST_MAX_BYTES).decode(errors="replace")
    except (OSError, http.client.HTTPException) as exc:
        message = f"no connector answers on port {port}"
        raise CommandError(ErrorCode.HEALTH_UNREACHABLE, message) from exc
    finally:
        connection.close()
    if response.status != HTTPStatus.OK:
        raise CommandError(ErrorCode.CONNECTOR_STUCK, f"the connector is stuck: {body}")
    return body
