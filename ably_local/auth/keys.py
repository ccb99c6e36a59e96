"""API keys and the identity that a request or connection acts under."""

import hmac
import secrets
import string
from dataclasses import dataclass, field, replace
from typing import Literal

from ably_local.auth.capabilities import ANYTHING, EVERYTHING, Capability, allows
from ably_local.base.errors import AblyError

_ALPHABET = string.ascii_letters + string.digits


def random_id(length: int) -> str:
    """A random identifier of letters and digits."""
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
        """The whole key, secret included."""
        return f"{self.key_name}:{self.secret}"

    @property
    def token_capability(self) -> Capability:
        """What a token may do that asks for nothing in particular."""
        return ANYTHING if self.capability == EVERYTHING else self.capability

    def matches(self, secret: str) -> bool:
        """Whether `secret` is this key's, compared in constant time."""
        return hmac.compare_digest(self.secret.encode(), secret.encode())


def generate_key(app_id: str, *, now_ms: int, name: str = "root") -> Key:
    """A fresh key that may do everything."""
    return Key(
        app_id=app_id,
        key_id=random_id(6),
        secret=secrets.token_urlsafe(24),
        name=name,
        created_ms=now_ms,
        modified_ms=now_ms,
    )


def parse_key(text: str) -> Key:
    """A key from its text; it may do everything.

    Raises:
        ValueError: the text is not `<app>.<id>:<secret>`; the message does not repeat it.
    """
    key_name, colon, secret = text.partition(":")
    app_id, dot, key_id = key_name.partition(".")
    if not (app_id and dot and key_id and colon and secret):
        raise ValueError("an API key has the form <app>.<id>:<secret>")
    return Key(app_id=app_id, key_id=key_id, secret=secret)


@dataclass(frozen=True, kw_only=True)
class Issue:
    """What a token said when it was issued: by this it is found when tokens are revoked.

    Attributes:
        revocable: whether the key let its tokens be revoked when it issued this one.
    """

    issued_ms: int
    client_id: str | None = None
    revocation_key: str | None = None
    revocable: bool = False


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who asks, and what they may do.

    Attributes:
        client_id: a concrete id is enforced; `*` may assume any; None is anonymous. A key's
            holder without one may assume any, too.
        expires_ms: when the token ends; None for a key.
        issue: of the token; None for a key.
    """

    key: Key
    kind: Literal["basic", "token"]
    capability: Capability
    client_id: str | None = None
    expires_ms: int | None = None
    issue: Issue | None = None

    @property
    def app_id(self) -> str:
        """The app that all of it belongs to."""
        return self.key.app_id

    def allows(self, channel: str, operation: str) -> bool:
        """Whether the operation may be done on the channel."""
        return allows(self.capability, channel, operation)

    def require(self, channel: str, operation: str) -> None:
        """Check a capability.

        Raises:
            AblyError: 40160, it is not granted.
        """
        if not self.allows(channel, operation):
            msg = f"operation not permitted with provided capability; {operation} on {channel!r}"
            raise AblyError(40160, 401, msg)

    def resolve_client_id(self, given: str | None) -> str | None:
        """The client id of a message or member that names `given` or nothing.

        Raises:
            AblyError: 40012, this identity may not use that id.
        """
        own = self.client_id
        if given is None:
            return None if own == "*" else own
        free = own == "*" or (own is None and self.kind == "basic")
        if given == "*" or not given or (not free and given != own):
            raise AblyError(40012, 400, "invalid clientId; it is not that of the credentials")
        return given

    def with_client_id(self, given: str | None) -> "Identity":
        """This identity of a client that names itself when it connects or in a header.

        Raises:
            AblyError: 40102, the token is another client's or nobody's.
        """
        if given is None or given == self.client_id:
            return self
        free = self.client_id == "*" or (self.client_id is None and self.kind == "basic")
        if not free:
            raise AblyError(40102, 401, "incompatible credentials; the token is not of clientId")
        return replace(self, client_id=given)
