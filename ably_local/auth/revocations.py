"""Token revocation: which tokens are void from when on, whatever their expiry."""

from dataclasses import dataclass, field

from ably_local.auth.keys import Identity
from ably_local.base.clock import Clock
from ably_local.base.errors import AblyError

TARGETS = ("clientId", "revocationKey", "channel")

# No revocable token lives longer, so an older revocation has nothing left to revoke.
KEEP_MS = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """One target of one request.

    Attributes:
        issued_before_ms: tokens that were issued later stay valid.
        applies_at_ms: when it takes effect.
    """

    key_name: str
    kind: str
    value: str
    issued_before_ms: int
    applies_at_ms: int

    def covers(self, identity: Identity) -> bool:
        """Whether the identity's token is one of those that are revoked."""
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
    """Kind and value of a target specifier such as `clientId:alice`.

    Raises:
        AblyError: 40003, there is no such kind, or no value.
    """
    kind, colon, value = target.partition(":")
    if kind not in TARGETS or not colon or not value:
        raise AblyError(40003, 400, f"invalid target; its type is none of {', '.join(TARGETS)}")
    return kind, value


@dataclass
class Revocations:
    """The revocations of one app."""

    clock: Clock
    _made: list[Revocation] = field(default_factory=list)

    def add(self, revocation: Revocation) -> None:
        """Revoke, at the time that the revocation says."""
        now = self.clock.now_ms()
        self._made = [each for each in self._made if each.applies_at_ms > now - KEEP_MS]
        self._made.append(revocation)

    def check(self, identity: Identity) -> None:
        """Refuse a token that is revoked by now.

        Raises:
            AblyError: 40141, it is.
        """
        now = self.clock.now_ms()
        if any(each.applies_at_ms <= now and each.covers(identity) for each in self._made):
            raise revoked()


def revoked() -> AblyError:
    """The refusal of a revoked token; a client gets itself another."""
    return AblyError(40141, 401, "token revoked")
