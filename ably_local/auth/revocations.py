"""Token revocation: which tokens are invalid from which time, regardless of their expiry."""

from dataclasses import dataclass, field

from ably_local.auth.keys import Identity
from ably_local.base.clock import Clock
from ably_local.base.errors import AblyError

TARGETS = ("clientId", "revocationKey", "channel")

# No revocable token lives longer than this, so older revocations can be dropped.
KEEP_MS = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """One target of a revocation request.

    Attributes:
        issued_before_ms: tokens issued later stay valid.
        applies_at_ms: when the revocation takes effect.
    """

    key_name: str
    kind: str
    value: str
    issued_before_ms: int
    applies_at_ms: int

    def covers(self, identity: Identity) -> bool:
        """Whether this revocation applies to the identity's token."""
        issue = identity.issue
        if issue is None or identity.key.key_name != self.key_name:
            return False
        if not issue.revocable or issue.issued_ms >= self.issued_before_ms:
            return False
        match self.kind:
            case "clientId":
                return issue.client_id == self.value
            case "revocationKey":
                return issue.revocation_key == self.value
        return self.value in identity.capability


def parse_target(target: str) -> tuple[str, str]:
    """The type and value of a target specifier such as `clientId:alice`.

    Raises:
        AblyError: 40003, if the type is unknown or the value is missing.
    """
    kind, colon, value = target.partition(":")
    if kind not in TARGETS or not colon or not value:
        raise AblyError(40003, 400, f"invalid target; its type must be one of {', '.join(TARGETS)}")
    return kind, value


@dataclass
class Revocations:
    """The revocations of one app."""

    clock: Clock
    _made: list[Revocation] = field(default_factory=list)

    def add(self, revocation: Revocation) -> None:
        """Add a revocation; it takes effect at its own `applies_at_ms`."""
        now = self.clock.now_ms()
        self._made = [each for each in self._made if each.applies_at_ms > now - KEEP_MS]
        self._made.append(revocation)

    def check(self, identity: Identity) -> None:
        """Reject a token that is revoked by now.

        Raises:
            AblyError: 40141, if the token is revoked.
        """
        now = self.clock.now_ms()
        if any(each.applies_at_ms <= now and each.covers(identity) for each in self._made):
            raise revoked()


def revoked() -> AblyError:
    """The error for a revoked token; the client requests a new one."""
    return AblyError(40141, 401, "token revoked")
