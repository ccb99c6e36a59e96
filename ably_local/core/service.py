"""The whole of the local Ably without its sockets: one account, its apps, and its clock."""

from dataclasses import dataclass, field

from ably_local.auth import jwt
from ably_local.auth.control_tokens import ControlToken
from ably_local.auth.keys import Identity, Key, generate_key, random_id
from ably_local.base.clock import Clock, SystemClock, Timers
from ably_local.base.errors import AblyError
from ably_local.core import lifecycle
from ably_local.core.account import Account
from ably_local.core.apps import App, Invoke
from ably_local.core.limits import Limits
from ably_local.messages.serials import Serials

SWEEP_MS = 30_000


@dataclass(kw_only=True)
class Service:
    """The state that survives a restart of the server.

    Attributes:
        presence_grace_ms: how long a member stays after its connection was lost.
        connection_ttl_ms: how long a lost connection can be resumed.
        max_idle_ms: the longest silence on a connection; heartbeats keep below it.
        control_token: an access token of the Control API with all capabilities.
        more_control_tokens: further access tokens, each with its own capabilities.
        keep_audit: whether to keep every accepted message, for tests that count them.
    """

    clock: Clock = field(default_factory=SystemClock)
    limits: Limits = field(default_factory=Limits)
    account_id: str = "local"
    control_token: str = field(default_factory=lambda: random_id(40), repr=False)
    invoke: Invoke = lambda _rule, _event: None
    presence_grace_ms: int = 15_000
    connection_ttl_ms: int = 120_000
    max_idle_ms: int = 15_000
    keep_audit: bool = False
    more_control_tokens: list[ControlToken] = field(default_factory=list)
    apps: dict[str, App] = field(default_factory=dict)
    account: Account = field(init=False)
    timers: Timers = field(init=False)
    serials: Serials = field(init=False)

    def __post_init__(self) -> None:
        self.account = Account(self.account_id, self.limits, self.clock)
        self.timers = Timers(self.clock)
        self.serials = Serials(self.clock)
        self._sweep()

    @property
    def control_tokens(self) -> list[ControlToken]:
        """All access tokens of the Control API."""
        return [ControlToken(id="local", text=self.control_token), *self.more_control_tokens]

    def create_app(
        self,
        name: str,
        *,
        app_id: str | None = None,
        key: Key | None = None,
        limits: Limits | None = None,
    ) -> App:
        """Create an app with one key.

        Args:
            name: the name that the Control API shows.
            app_id: a random id if None.
            key: a generated key with all capabilities if None.
            limits: the limits of the service if None.
        """
        now = self.clock.now_ms()
        app = App(
            id=app_id or random_id(6),
            name=name,
            clock=self.clock,
            limits=limits or self.limits,
            serials=self.serials,
            account=self.account,
            created_ms=now,
            modified_ms=now,
            invoke=self.invoke,
            on_lifecycle=lifecycle.report_change,
            audit={} if self.keep_audit else None,
        )
        app.add_key(key or generate_key(app.id, now_ms=now))
        self.apps[app.id] = app
        return app

    def delete_app(self, app: App) -> None:
        """Delete an app and disconnect its clients."""
        for connection in list(app.connections.values()):
            connection.fail(AblyError(40120, 401, "application disabled"))
        app.close_channels()
        del self.apps[app.id]

    def admit_connection(self) -> None:
        """Count a new connection.

        Raises:
            AblyError: 40111 or 80021, if the account has too many.
        """
        self.account.admit_connection(sum(len(app.connections) for app in self.apps.values()))

    def app(self, app_id: str) -> App:
        """Find an app by its id.

        Raises:
            AblyError: 40400, if there is none.
        """
        app = self.apps.get(app_id)
        if app is None:
            raise AblyError(40400, 404, "no application found with this id")
        return app

    def key(self, key_name: str) -> Key:
        """Find a key by `<app>.<id>`.

        Raises:
            AblyError: 40005, if the name is malformed; 40400, 40120, 40101 or 40131, if the key is
                unusable.
        """
        app_id, dot, key_id = key_name.partition(".")
        if not dot:
            raise AblyError(
                40005, 400, "invalid credential; a key has the form <app>.<id>:<secret>"
            )
        return self._live_app(app_id).key(key_id)

    def identify_key(self, text: str) -> Identity:
        """The identity of a client that presents this key.

        Raises:
            AblyError: if the key is refused.
        """
        key_name, _, secret = text.partition(":")
        try:
            key = self.key(key_name)
        except AblyError as error:
            if error.code == 40400:
                raise AblyError(40101, 401, "invalid credentials; there is no such app") from error
            raise
        if not key.matches(secret):
            raise AblyError(40101, 401, "invalid credentials; the secret of the key is wrong")
        return Identity(key=key, kind="basic", capability=key.capability)

    def identify_token(self, text: str) -> Identity:
        """The identity of a client that presents this token or JWT.

        Raises:
            AblyError: if the token is refused; a code 4014x means that a new token may be accepted.
        """
        kid = jwt.key_name(text)
        if kid is not None:
            identity = jwt.identify(text, self.key(kid), self.clock)
        else:
            app_id, dot, _ = text.partition(".")
            if not dot:
                raise AblyError(40145, 401, "invalid token format")
            identity = self._live_app(app_id).tokens.find(text).identity()
        if not identity.key.enabled:
            raise AblyError(40131, 401, "key revoked")
        self.app(identity.app_id).revocations.check(identity)
        return identity

    def _live_app(self, app_id: str) -> App:
        app = self.app(app_id)
        if not app.enabled:
            raise AblyError(40120, 401, "application disabled")
        return app

    def _sweep(self) -> None:
        for app in self.apps.values():
            app.sweep()
        self.timers.call_in(SWEEP_MS, self._sweep)
