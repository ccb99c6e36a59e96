"""Access tokens of the Control API and their capabilities."""

import hmac
from dataclasses import dataclass, field

from ably_local.base.errors import AblyError
from ably_local.http.exchange import Request

CAPABILITIES = tuple(
    f"{verb}:{what}"
    for what in ("app", "key", "namespace", "rule", "queue")
    for verb in ("read", "write")
)


@dataclass(frozen=True, kw_only=True)
class ControlToken:
    """One access token, as created in Ably's dashboard."""

    id: str
    text: str = field(repr=False)
    capabilities: tuple[str, ...] = CAPABILITIES
    name: str = "local"

    def require(self, verb: str, what: str) -> None:
        """Check a capability; `write` does not include `read`.

        Raises:
            AblyError: 40160, if the token lacks the capability.
        """
        if f"{verb}:{what}" not in self.capabilities:
            raise AblyError(40160, 401, f"the access token lacks the capability {verb}:{what}")


def authenticate(tokens: list[ControlToken], request: Request) -> ControlToken:
    """The token that a request carries.

    Raises:
        AblyError: 40100, if the request carries none of these tokens.
    """
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        for token in tokens:
            if hmac.compare_digest(shown.strip().encode(), token.text.encode()):
                return token
    raise AblyError(40100, 401, "the access token is missing or wrong")
