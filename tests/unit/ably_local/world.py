"""A local Ably without sockets: the test controls its clock and the client side."""

import base64
import json
from typing import Any

from ably_local.auth.keys import Key, parse_key
from ably_local.base.codec import Format, decode, encode
from ably_local.base.protocol import Action
from ably_local.core.connections import Connection
from ably_local.core.limits import Limits
from ably_local.core.rules import Rule
from ably_local.core.service import Service
from ably_local.http.exchange import Request, Response
from ably_local.realtime.protocol import Realtime
from ably_local.rest.router import Rest

START_MS = 1_700_000_000_000
KEY = "appid.keyid:secret"


class FakeClock:
    def __init__(self) -> None:
        self.now = START_MS

    def now_ms(self) -> int:
        return self.now


class Client:
    """The client side of a WebSocket; also the `Transport` that the core writes to."""

    def __init__(self, world: "World", fmt: Format) -> None:
        self.format: Format = fmt
        self.received: list[dict[str, Any]] = []
        self.closed = False
        self.connection: Connection | None = None
        self._world = world

    def send(self, frame: str | bytes) -> None:
        assert not self.closed, "nothing is sent to a closed socket"
        assert isinstance(frame, str) == (self.format == "json")
        self.received.append(decode(frame, self.format))

    def close(self) -> None:
        self.closed = True

    @property
    def live(self) -> Connection:
        assert self.connection is not None
        return self.connection

    def say(self, action: Action, **fields: Any) -> list[dict[str, Any]]:
        """Send one protocol message; returns the immediate answers."""
        return self.say_raw(encode({"action": action, **fields}, self.format))

    def say_raw(self, frame: str | bytes) -> list[dict[str, Any]]:
        before = len(self.received)
        self._world.realtime.receive(self.live, frame)
        return self.received[before:]

    def cut(self) -> None:
        """Lose the socket without CLOSE."""
        self.closed = True
        self._world.realtime.lose(self.live, self)

    def take(self, *actions: Action) -> list[dict[str, Any]]:
        """The messages received since the last call, with these actions or with any."""
        taken, self.received = self.received, []
        return [each for each in taken if not actions or each["action"] in actions]

    def attach(self, channel: str, **fields: Any) -> dict[str, Any]:
        """Attach and return ATTACHED or ERROR; later messages stay in the queue."""
        self.take()
        self.say(Action.ATTACH, channel=channel, **fields)
        return self.received.pop(0)

    def publish(self, channel: str, msg_serial: int, *messages: dict[str, Any]) -> dict[str, Any]:
        """Publish and return the ACK or NACK."""
        answers = self.say(
            Action.MESSAGE, channel=channel, msgSerial=msg_serial, messages=list(messages)
        )
        (answer,) = [each for each in answers if each["action"] in (Action.ACK, Action.NACK)]
        return answer


class World:
    def __init__(
        self, *, limits: Limits | None = None, key: Key | None = None, provisioning: bool = False
    ) -> None:
        self.clock = FakeClock()
        self.invoked: list[tuple[Rule, dict[str, Any]]] = []
        self.service = Service(
            clock=self.clock,
            limits=limits or Limits(),
            control_token="control",
            invoke=lambda rule, event: self.invoked.append((rule, event)),
        )
        self.key = key or parse_key(KEY)
        self.app = self.service.create_app("test", app_id=self.key.app_id, key=self.key)
        self.realtime = Realtime(self.service)
        self.rest = Rest(self.service, provisioning=provisioning)

    def pass_ms(self, milliseconds: int) -> None:
        """Advance the clock, timer by timer."""
        end = self.clock.now + milliseconds
        timers = self.service.timers
        while (due := timers.next_ms()) is not None and due <= end:
            self.clock.now = max(self.clock.now, due)
            timers.run_due()
        self.clock.now = end

    def connect(self, fmt: Format = "json", /, **params: str) -> Client:
        """Open a WebSocket, with the key unless `params` has other credentials."""
        if not {"key", "access_token", "accessToken"} & set(params):
            params["key"] = self.key.text
        client = Client(self, fmt)
        client.connection = self.realtime.connect(params, client)
        return client

    def token(self, **request: Any) -> str:
        """A token of the key, issued for an unsigned request with the key itself."""
        return self.app.tokens.request(self.key, request, trusted=True).token

    def request(
        self, method: str, target: str, body: Any = None, *, version: str = "5", **headers: str
    ) -> Response:
        """Send one REST request, with the key unless `authorization` is given."""
        basic = base64.b64encode(self.key.text.encode()).decode()
        given = {"authorization": f"Basic {basic}", "x-ably-version": version, **headers}
        return self.rest.handle(
            Request(
                method=method,
                target=target,
                headers={name.replace("_", "-"): value for name, value in given.items() if value},
                body=json.dumps(body).encode() if body is not None else b"",
            )
        )


def error_of(response: Response) -> tuple[int, int]:
    """The HTTP status and Ably code of a refusal, which body and headers must both contain."""
    code = response.value["error"]["code"]
    assert response.headers["X-Ably-Errorcode"] == str(code)
    assert response.value["error"]["statusCode"] == response.status
    return response.status, code


def bearer(token: str) -> str:
    """The Authorization header for a token."""
    return "Bearer " + base64.b64encode(token.encode()).decode()
