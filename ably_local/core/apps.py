"""An app: its keys, tokens, namespaces, rules, channels and connections."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ably_local.auth.keys import Key
from ably_local.auth.revocations import Revocations
from ably_local.auth.tokens import Tokens
from ably_local.base.clock import Clock
from ably_local.base.errors import AblyError
from ably_local.core.account import Account
from ably_local.core.channels import Channel
from ably_local.core.limits import Limits
from ably_local.core.rules import Rule
from ably_local.messages.message import Message
from ably_local.messages.serials import Serials

if TYPE_CHECKING:
    from ably_local.core.connections import Connection

Invoke = Callable[[Rule, dict[str, Any]], None]
Lifecycle = Literal["channel.opened", "channel.closed"]


@dataclass(kw_only=True)
class Namespace:
    """A channel rule of the dashboard: `id` covers the channels `<id>` and `<id>:*`."""

    id: str
    persisted: bool = False
    created_ms: int = 0
    modified_ms: int = 0

    def matches(self, channel: str) -> bool:
        """Whether the channel belongs to this namespace."""
        return channel == self.id or channel.startswith(f"{self.id}:")


@dataclass(kw_only=True)
class App:
    """One app of the account.

    Attributes:
        account: the state shared with the account's other apps.
        invoke: called for each event that matches an enabled rule.
        on_lifecycle: called for each channel that opens or closes.
        audit: every accepted message, by channel; None keeps none.
    """

    id: str
    name: str
    clock: Clock
    limits: Limits
    serials: Serials
    account: Account
    created_ms: int = 0
    modified_ms: int = 0
    enabled: bool = True
    invoke: Invoke = lambda _rule, _event: None
    on_lifecycle: Callable[["App", Lifecycle, Channel], None] = lambda *_event: None
    audit: dict[str, list[Message]] | None = None
    keys: dict[str, Key] = field(default_factory=dict)
    namespaces: dict[str, Namespace] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    connections: "dict[str, Connection]" = field(default_factory=dict)
    tokens: Tokens = field(init=False)
    revocations: Revocations = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock)
        self.revocations = Revocations(self.clock)

    def add_key(self, key: Key) -> None:
        """Accept clients with this key."""
        self.keys[key.key_id] = key

    def key(self, key_id: str) -> Key:
        """Find a key by its id.

        Raises:
            AblyError: 40101, if there is none; 40131, if it was revoked.
        """
        key = self.keys.get(key_id)
        if key is None:
            raise AblyError(40101, 401, "invalid credentials; the app has no such key")
        if not key.enabled:
            raise AblyError(40131, 401, "key revoked")
        return key

    def channel(self, name: str) -> Channel:
        """The channel with this name, created if it does not exist."""
        channel = self.channels.get(name)
        if channel is None:
            channel = self.channels[name] = Channel(
                name,
                clock=self.clock,
                limits=self.limits,
                birth=self.serials.next(),
                persisted=self._is_persisted(name),
            )
        channel.used_ms = self.clock.now_ms()
        if not channel.is_open:
            if not channel.is_meta:
                self.account.admit_channel()
            channel.is_open = True
            self.on_lifecycle(self, "channel.opened", channel)
        return channel

    def close_channels(self) -> None:
        """Stop counting this app's channels; called when the app is deleted."""
        for channel in self.channels.values():
            self._close(channel)

    def _close(self, channel: Channel) -> None:
        if channel.is_open and not channel.is_meta:
            self.account.open_channels -= 1
        channel.is_open = False

    def apply_namespaces(self) -> None:
        """Apply changed namespaces to the history of existing channels."""
        for channel in self.channels.values():
            channel.persist(persisted=self._is_persisted(channel.name))

    def _is_persisted(self, name: str) -> bool:
        return any(each.persisted and each.matches(name) for each in self.namespaces.values())

    def sweep(self) -> None:
        """Close the channels that are out of use, and forget those that hold no state."""
        now = self.clock.now_ms()
        for channel in list(self.channels.values()):
            if channel.is_open and not channel.is_used(now):
                self._close(channel)
                self.on_lifecycle(self, "channel.closed", channel)
        for name in [name for name, channel in self.channels.items() if channel.is_idle(now)]:
            del self.channels[name]
