"""Capabilities: which operations a key or token allows on which channels.

A capability maps a resource to operations. A resource is a channel name in which `*` may replace a
whole segment; a trailing `*` matches any depth. Qualified channels such as `[meta]` are separate:
`*` does not match them, `[meta]*` does, and `[*]*` matches every channel.
"""

import json
from typing import Any

from ably_local.base.errors import AblyError

Capability = dict[str, list[str]]

ANYTHING: Capability = {"*": ["*"]}
EVERYTHING: Capability = {"[*]*": ["*"]}

OPERATIONS = frozenset(
    {
        *("subscribe", "publish", "presence", "history", "stats", "channel-metadata"),
        *("object-subscribe", "object-publish", "annotation-subscribe", "annotation-publish"),
        *("message-update-own", "message-update-any", "message-delete-own", "message-delete-any"),
        *("push-subscribe", "push-admin", "privileged-headers", "*"),
    }
)


def parse(given: object) -> Capability:
    """Parse a capability from JSON text or from an object.

    Raises:
        AblyError: 40000, if it is not an object that maps resources to lists of known operations.
    """
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise _invalid("it is not JSON") from error
    if not isinstance(given, dict):
        raise _invalid("it is not an object")
    for resource, operations in given.items():
        _check(resource, operations)
    return {resource: sorted(set(operations)) for resource, operations in sorted(given.items())}


def text(capability: Capability) -> str:
    """The canonical JSON text: sorted, without whitespace."""
    ordered = {resource: sorted(capability[resource]) for resource in sorted(capability)}
    return json.dumps(ordered, separators=(",", ":"), ensure_ascii=False)


def allows(capability: Capability, channel: str, operation: str) -> bool:
    """Whether the capability allows the operation on the channel."""
    return any(
        (operation in operations or "*" in operations) and covers(resource, channel)
        for resource, operations in capability.items()
    )


def intersect(requested: Capability, held: Capability) -> Capability:
    """The intersection: the narrower resource of each pair, with the operations that both allow."""
    result: dict[str, set[str]] = {}
    for mine, wanted in requested.items():
        for theirs, granted in held.items():
            narrower = mine if covers(theirs, mine) else theirs if covers(mine, theirs) else None
            shared = _shared(wanted, granted)
            if narrower is not None and shared:
                result.setdefault(narrower, set()).update(shared)
    return {resource: _sorted(operations) for resource, operations in sorted(result.items())}


def covers(resource: str, other: str) -> bool:
    """Whether `resource` covers every channel that `other` (a channel or a resource) matches."""
    qualifier, pattern = _split(resource)
    other_qualifier, name = _split(other)
    if qualifier not in ("*", other_qualifier):
        return False
    return _covers_name(pattern.split(":"), name.split(":"))


def _covers_name(pattern: list[str], name: list[str]) -> bool:
    if pattern == ["*"]:
        return True
    for index, segment in enumerate(pattern):
        if segment == "*" and index == len(pattern) - 1:
            return len(name) > index
        if index >= len(name):
            return False
        if segment not in ("*", name[index]):
            return False
    return len(name) == len(pattern)


def _split(resource: str) -> tuple[str, str]:
    if resource.startswith("[") and "]" in resource:
        qualifier, _, name = resource[1:].partition("]")
        return qualifier, name
    return "", resource


def _shared(wanted: list[str], granted: list[str]) -> list[str]:
    if "*" in granted:
        return wanted
    if "*" in wanted:
        return granted
    return [operation for operation in wanted if operation in granted]


def _sorted(operations: set[str]) -> list[str]:
    return ["*"] if "*" in operations else sorted(operations)


def _check(resource: Any, operations: Any) -> None:
    if not isinstance(resource, str) or not resource:
        raise _invalid("a resource is not a name")
    if not isinstance(operations, list) or not operations:
        raise _invalid(f"the operations of {resource!r} are not a list")
    for operation in operations:
        if operation not in OPERATIONS:
            raise _invalid(f"{operation!r} is not an operation")
    if "*" in operations and len(operations) > 1:
        raise _invalid(f"the operations of {resource!r} mix '*' with others")


def _invalid(why: str) -> AblyError:
    return AblyError(40000, 400, f"invalid capability; {why}")
