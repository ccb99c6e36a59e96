"""Ably JWTs: signed with a key's secret (HS256) and sent as the token itself."""

import base64
import hashlib
import hmac
import json
from typing import Any

from ably_local.auth import capabilities
from ably_local.auth.keys import Identity, Issue, Key
from ably_local.base.clock import Clock
from ably_local.base.errors import AblyError

MAX_REVOCABLE_SECONDS = 3600


def key_name(text: str) -> str | None:
    """The `kid` of a JWT; None if `text` is not a JWT."""
    if text.count(".") != 2:
        return None
    try:
        header = _decode(text.partition(".")[0])
    except ValueError:
        return None
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def identify(text: str, key: Key, clock: Clock) -> Identity:
    """Verify a JWT that names `key`.

    Raises:
        AblyError: 40144, if the format or signature is wrong; 40142, if it has expired; 40160, if
            the key grants nothing of what it requests.
    """
    head, body, signature = text.split(".")
    try:
        header, claims = _decode(head), _decode(body)
        given = _unpad(signature)
    except ValueError as error:
        raise _invalid("it does not decode") from error
    if header.get("alg") != "HS256":
        raise _invalid("alg is not HS256")
    wanted = hmac.new(key.secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(wanted, given):
        raise _invalid("the signature is wrong")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or not isinstance(claims.get("iat"), int | float):
        raise _invalid("iat and exp are required")
    if expires * 1000 <= clock.now_ms():
        raise AblyError(40142, 401, "token expired")
    return Identity(
        key=key,
        kind="token",
        capability=_capability(claims, key),
        client_id=_client_id(claims),
        expires_ms=int(expires * 1000),
        issue=_issue(claims, key),
    )


def _issue(claims: dict[str, Any], key: Key) -> Issue:
    if key.revocable_tokens and claims["exp"] - claims["iat"] > MAX_REVOCABLE_SECONDS:
        raise _invalid("a revocable token may live for an hour at most")
    revocation_key = claims.get("x-ably-revocation-key")
    return Issue(
        issued_ms=int(claims["iat"] * 1000),
        client_id=_client_id(claims),
        revocation_key=revocation_key if isinstance(revocation_key, str) else None,
        revocable=key.revocable_tokens,
    )


def _capability(claims: dict[str, Any], key: Key) -> capabilities.Capability:
    given = claims.get("x-ably-capability")
    if given is None:
        return key.token_capability
    granted = capabilities.intersect(capabilities.parse(given), key.capability)
    if not granted:
        raise AblyError(40160, 401, "operation not permitted; the key grants none of it")
    return granted


def _client_id(claims: dict[str, Any]) -> str | None:
    client_id = claims.get("x-ably-clientId")
    if client_id is not None and (not isinstance(client_id, str) or not client_id):
        raise AblyError(40012, 400, "invalid clientId; it must not be empty")
    return client_id


def _decode(part: str) -> dict[str, Any]:
    value = json.loads(_unpad(part))
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004  # handled like malformed JSON
    return value


def _unpad(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _invalid(why: str) -> AblyError:
    return AblyError(40144, 401, f"invalid JWT; {why}")
