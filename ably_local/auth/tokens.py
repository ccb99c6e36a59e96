"""Tokens: issued for a signed TokenRequest or to a client with the key, and kept until they expire.

Tokens are kept until two minutes after their expiry, so that an expired token gets another error
than an unknown one. Nonces are kept for as long as their timestamp is accepted.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ably_local.auth import capabilities
from ably_local.auth.capabilities import Capability
from ably_local.auth.keys import Identity, Issue, Key
from ably_local.base.clock import Clock
from ably_local.base.errors import AblyError

TIMESTAMP_WINDOW_MS = 120_000
DEFAULT_TTL_MS = 3_600_000
MAX_TTL_MS = 86_400_000
MAX_REVOCABLE_TTL_MS = 3_600_000
MIN_NONCE_LENGTH = 16

_INTEGER = re.compile(r"-?[0-9]{1,19}")


@dataclass(frozen=True, kw_only=True)
class Token:
    """An issued token and its claims."""

    token: str = field(repr=False)
    key: Key
    issued_ms: int
    expires_ms: int
    capability: Capability
    client_id: str | None
    revocable: bool = False

    def identity(self) -> Identity:
        """The identity of a client that presents this token."""
        return Identity(
            key=self.key,
            kind="token",
            capability=self.capability,
            client_id=self.client_id,
            expires_ms=self.expires_ms,
            issue=Issue(
                issued_ms=self.issued_ms, client_id=self.client_id, revocable=self.revocable
            ),
        )

    def details(self) -> dict[str, Any]:
        """The TokenDetails of the REST API."""
        details: dict[str, Any] = {
            "token": self.token,
            "keyName": self.key.key_name,
            "issued": self.issued_ms,
            "expires": self.expires_ms,
            "capability": capabilities.text(self.capability),
        }
        if self.client_id is not None:
            details["clientId"] = self.client_id
        return details


def sign(secret: str, request: dict[str, Any]) -> str:
    """The mac of a TokenRequest, computed over its fields as text; a missing field is empty."""
    names = ("keyName", "ttl", "capability", "clientId", "timestamp", "nonce")
    values = ("" if request.get(name) is None else str(request[name]) for name in names)
    text = "".join(f"{value}\n" for value in values)
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Tokens:
    """The tokens of one app."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[str, Token] = {}
        self._nonces: set[tuple[str, str]] = set()
        self._nonce_order: deque[tuple[int, tuple[str, str]]] = deque()

    def request(self, key: Key, request: dict[str, Any], *, trusted: bool) -> Token:
        """Issue a token for a TokenRequest.

        Args:
            key: the key named in the path.
            request: the request body.
            trusted: whether the caller has presented the key itself, so that the mac is optional.

        Raises:
            AblyError: if the signature, timestamp, nonce, ttl, capability or client id is rejected.
        """
        if request.get("keyName", key.key_name) != key.key_name:
            raise AblyError(40102, 401, "incompatible credentials; keyName differs from the path")
        signed = request.get("mac") is not None
        if not signed and not trusted:
            raise AblyError(40101, 401, "invalid credentials; the token request is not signed")
        if signed:
            self._check_signature(key, request)
        ttl_ms = _ttl(request, key)
        capability = _capability(request, key)
        client_id = _client_id(request)
        if signed:
            self._use_nonce(key, request)
        return self._issue(key, ttl_ms=ttl_ms, capability=capability, client_id=client_id)

    def find(self, text: str) -> Token:
        """The live token with this text.

        Raises:
            AblyError: 40142, if it has expired; 40143, if it is unknown.
        """
        token = self._issued.get(text)
        if token is None:
            raise AblyError(40143, 401, "token unrecognised")
        if token.expires_ms <= self._clock.now_ms():
            raise AblyError(40142, 401, "token expired")
        return token

    def _issue(
        self, key: Key, *, ttl_ms: int, capability: Capability, client_id: str | None
    ) -> Token:
        now = self._clock.now_ms()
        self._forget(now)
        token = Token(
            token=f"{key.app_id}.{secrets.token_urlsafe(36)}",
            key=key,
            issued_ms=now,
            expires_ms=now + ttl_ms,
            capability=capability,
            client_id=client_id,
            revocable=key.revocable_tokens,
        )
        self._issued[token.token] = token
        return token

    def _check_signature(self, key: Key, request: dict[str, Any]) -> None:
        if not hmac.compare_digest(sign(key.secret, request), str(request["mac"])):
            raise AblyError(
                40101, 401, "invalid credentials; the mac of the token request is wrong"
            )
        timestamp = request.get("timestamp")
        if not _is_integer(timestamp):
            raise AblyError(40003, 400, "invalid token request; timestamp is not a number")
        if abs(int(str(timestamp)) - self._clock.now_ms()) > TIMESTAMP_WINDOW_MS:
            raise AblyError(40104, 401, "timestamp not current")
        nonce = request.get("nonce")
        if not isinstance(nonce, str) or len(nonce) < MIN_NONCE_LENGTH:
            raise AblyError(40003, 400, "invalid token request; nonce needs 16 characters")

    def _use_nonce(self, key: Key, request: dict[str, Any]) -> None:
        """Record the nonce as used; runs last, so that a rejected request does not use it up."""
        used = (key.key_name, f"{request['timestamp']}:{request['nonce']}")
        if used in self._nonces:
            raise AblyError(40105, 401, "nonce value replayed")
        self._nonces.add(used)
        # Kept until the timestamp leaves the accepted window, even for a request that came early.
        self._nonce_order.append((self._clock.now_ms() + 2 * TIMESTAMP_WINDOW_MS, used))

    def _forget(self, now: int) -> None:
        while self._nonce_order and self._nonce_order[0][0] < now:
            self._nonces.discard(self._nonce_order.popleft()[1])
        if len(self._issued) % 256 == 255:
            kept = {
                text: token
                for text, token in self._issued.items()
                if token.expires_ms + TIMESTAMP_WINDOW_MS > now
            }
            self._issued = kept


def _ttl(request: dict[str, Any], key: Key) -> int:
    given = request.get("ttl")
    if given is None or given == "":
        return DEFAULT_TTL_MS
    longest = MAX_REVOCABLE_TTL_MS if key.revocable_tokens else MAX_TTL_MS
    if not _is_integer(given) or not 0 < int(given) <= longest:
        raise AblyError(40003, 400, f"invalid ttl; it must be between 1 and {longest} ms")
    return int(given)


def _capability(request: dict[str, Any], key: Key) -> Capability:
    given = request.get("capability")
    if given is None or given == "":
        return key.token_capability
    granted = capabilities.intersect(capabilities.parse(given), key.capability)
    if not granted:
        raise AblyError(40160, 401, "operation not permitted; the key grants none of it")
    return granted


def _client_id(request: dict[str, Any]) -> str | None:
    client_id = request.get("clientId")
    if client_id is not None and (not isinstance(client_id, str) or not client_id):
        raise AblyError(40012, 400, "invalid clientId; it must not be empty")
    return client_id


def _is_integer(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or bool(isinstance(value, str) and _INTEGER.fullmatch(value))
