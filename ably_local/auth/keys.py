"""API keys, and the identity of a request or connection."""

import hmac
import secrets
import string
from dataclasses import dataclass, field, replace
from typing import Literal

from ably_local.auth.capabilities import ANYTHING, EVERYTHING, Capability, allows
from ably_local.base.errors import AblyError

_ALPHABET = string.ascii_letters + string.digits


def random_id(length: int) -> str:
    """A random identifier of letters and digits; `length` is in characters."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@dataclass(kw_only=True)
class Key:
    """An API key of one app; its text is `<app>.<id>:<secret>`."""

    app_id: str
    key_id: str
    secret: str = field(repr=False)
    name: str = "root"
    capability: Capability = field(default_factory=lambda: dict(EVERYTHING))
    revocable_tokens: bool = False
    enabled: bool = True
    created_ms: int = 0
    modified_ms: int = 0

    @property
    def key_name(self) -> str:
        """`<app>.<id>`, the public part."""
        return f"{self.app_id}.{self.key_id}"

    @property
    def text(self) -> str:
        """The whole key, including the secret."""
        return f"{self.key_name}:{self.secret}"

    @property
    def token_capability(self) -> Capability:
        """The capability of a token whose request names none."""
        return ANYTHING if self.capability == EVERYTHING else self.capability

    def matches(self, secret: str) -> bool:
        """Compare `secret` with this key's in constant time."""
        return hmac.compare_digest(self.secret.encode(), secret.encode())


def generate_key(app_id: str, *, now_ms: int, name: str = "root") -> Key:
    """Generate a key with all capabilities."""
    return Key(
        app_id=app_id,
        key_id=random_id(6),
        secret=secrets.token_urlsafe(24),
        name=name,
        created_ms=now_ms,
        modified_ms=now_ms,
    )


def parse_key(text: str) -> Key:
    """Parse a key; it gets all capabilities.

    Raises:
        ValueError: if the text is not `<app>.<id>:<secret>`; the message does not repeat the text.
    """
    key_name, colon, secret = text.partition(":")
    app_id, dot, key_id = key_name.partition(".")
    if not (app_id and dot and key_id and colon and secret):
        raise ValueError("an API key has the form <app>.<id>:<secret>")
    return Key(app_id=app_id, key_id=key_id, secret=secret)


@dataclass(frozen=True, kw_only=True)
class Issue:
    """What a token recorded at issue; revocation requests select tokens by it.

    Attributes:
        revocable: whether the key had revocable tokens enabled at issue.
    """

    issued_ms: int
    client_id: str | None = None
    revocation_key: str | None = None
    revocable: bool = False


@dataclass(frozen=True, kw_only=True)
class Identity:
    """An authenticated client and its capability.

    Attributes:
        client_id: a concrete id is enforced; `*` allows any id; None is anonymous, except that a
            key without a client id allows any id.
        expires_ms: when the token expires; None for a key.
        issue: what the token recorded at issue; None for a key.
    """

    key: Key
    kind: Literal["basic", "token"]
    capability: Capability
    client_id: str | None = None
    expires_ms: int | None = None
    issue: Issue | None = None

    @property
    def app_id(self) -> str:
        """The app that the credentials belong to."""
        return self.key.app_id

    def allows(self, channel: str, operation: str) -> bool:
        """Whether the capability allows the operation on the channel."""
        return allows(self.capability, channel, operation)

    def require(self, channel: str, operation: str) -> None:
        """Check a capability.

        Raises:
            AblyError: 40160, if the capability does not allow the operation.
        """
        if not self.allows(channel, operation):
            msg = f"operation not permitted with provided capability; {operation} on {channel!r}"
            raise AblyError(40160, 401, msg)

    def resolve_client_id(self, given: str | None) -> str | None:
        """The client id of a message or presence member; `given` is the id that it names.

        Raises:
            AblyError: 40012, if this identity may not use that id.
        """
        own = self.client_id
        if given is None:
            return None if own == "*" else own
        free = own == "*" or (own is None and self.kind == "basic")
        if given == "*" or not given or (not free and given != own):
            raise AblyError(
                40012, 400, "invalid clientId; it differs from the credentials' clientId"
            )
        return given

    def with_client_id(self, given: str | None) -> "Identity":
        """This identity with the client id given on connecting or in a header.

        Raises:
            AblyError: 40102, if the token belongs to another client or to an anonymous one.
        """
        if given is None or given == self.client_id:
            return self
        free = self.client_id == "*" or (self.client_id is None and self.kind == "basic")
        if not free:
            raise AblyError(40102, 401, "incompatible credentials; the token has another clientId")
        return replace(self, client_id=given)
