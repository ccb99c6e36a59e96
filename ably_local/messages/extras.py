"""A message's `extras`: the permitted keys and their values."""

import json
from typing import Any

from ably_local.base.codec import encode
from ably_local.base.errors import AblyError, NotSupportedError

_KEYS = frozenset({"headers", "ephemeral", "privileged", "push", "delta", "ref", "ai"})


def check_extras(extras: object) -> None:
    """Check what a publisher sent.

    Raises:
        AblyError: 40032, if a key is not permitted or its value has another shape; 50100, if it
            asks for push notifications.
    """
    if not isinstance(extras, dict):
        raise _invalid("it is not an object")
    unknown = sorted(map(str, set(extras) - _KEYS))
    if unknown:
        raise _invalid(f"{unknown[0]!r} is not permitted")
    _check_encodes(extras)
    _check_headers(extras.get("headers"))
    if not isinstance(extras.get("ephemeral"), bool | None):
        raise _invalid("ephemeral must be true or false")
    _check_privileged(extras.get("privileged"))
    if "push" in extras:
        raise NotSupportedError("push notifications (extras.push)")


def skips(message: dict[str, Any], rule_id: str) -> bool:
    """Whether the message skips the rule."""
    skip = (_privileged(message) or {}).get("skipRule")
    return skip == "*" or (isinstance(skip, list) and rule_id in skip)


def wants_privilege(message: dict[str, Any]) -> bool:
    """Whether the message may be sent only with the `privileged-headers` capability."""
    return bool(_privileged(message))


def _privileged(message: dict[str, Any]) -> dict[str, Any] | None:
    return (message.get("extras") or {}).get("privileged")


def _check_headers(headers: object) -> None:
    if headers is None:
        return
    flat = isinstance(headers, dict) and all(
        isinstance(name, str) and isinstance(value, str | int | float | bool | None)
        for name, value in headers.items()
    )
    if not flat:
        raise _invalid("headers must be a map<string, string|number|boolean|null>")


def _check_privileged(privileged: object) -> None:
    if privileged is None:
        return
    skip = privileged.get("skipRule") if isinstance(privileged, dict) else None
    listed = isinstance(skip, list) and all(isinstance(rule_id, str) for rule_id in skip)
    if skip != "*" and not listed:
        raise _invalid("privileged.skipRule must be '*' or a list of rule ids")


def _check_encodes(extras: dict[str, Any]) -> None:
    try:
        json.dumps(extras, allow_nan=False)
        encode(extras, "msgpack")
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _invalid("it cannot be encoded in both JSON and msgpack") from error


def _invalid(why: str) -> AblyError:
    return AblyError(40032, 400, f"invalid extras; {why}")
