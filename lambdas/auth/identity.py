"""A browser's identity: an unguessable client id, kept across reloads in a signed cookie.

The cookie is `<clientId>.<signature>`. Its signing key is derived from the secret of the Ably key,
so there is no second secret to store. With a new Ably key every browser gets a new identity.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping

COOKIE_NAME = "ably_client_id"
COOKIE_MAX_AGE_SECONDS = 400 * 24 * 3600  # browsers keep no cookie longer

_PURPOSE = b"ably-postgres-serverless client id cookie 1"
_COOKIE = re.compile(r"(?P<client_id>clientId-[A-Za-z0-9_-]{22})\.(?P<signature>[0-9a-f]{64})")


class Identity:
    """Creates client ids, and verifies those that it created."""

    def __init__(self, key_secret: str) -> None:
        self._signing_key = hmac.digest(key_secret.encode(), _PURPOSE, hashlib.sha256)

    def client_id(self, cookies: Mapping[str, str]) -> str:
        """The client id of a valid cookie, else a new one."""
        cookie = _COOKIE.fullmatch(cookies.get(COOKIE_NAME, ""))
        if cookie and hmac.compare_digest(
            self._signature(cookie["client_id"]), cookie["signature"]
        ):
            return cookie["client_id"]
        return f"clientId-{secrets.token_urlsafe(16)}"

    def cookie(self, client_id: str, *, secure: bool) -> str:
        """The Set-Cookie value that keeps this client id."""
        attributes = [
            f"{COOKIE_NAME}={client_id}.{self._signature(client_id)}",
            f"Max-Age={COOKIE_MAX_AGE_SECONDS}",
            "Path=/",
            "HttpOnly",
            "SameSite=Lax",
        ]
        return "; ".join([*attributes, "Secure"] if secure else attributes)

    def _signature(self, client_id: str) -> str:
        return hmac.new(self._signing_key, client_id.encode(), hashlib.sha256).hexdigest()
