"""How MiniStack's CloudFormation is extended: its own table of resource types, and its functions.

Both are private to it, so its version is pinned.
"""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Made = tuple[str, Properties]  # a resource's id, and its attributes for Fn::GetAtt

# A type to {"create": (logical id, properties, stack) -> Made, "update": …, "delete": …}.
_HANDLERS: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS  # noqa: SLF001


def record_only(resource_type: str, attribute: str) -> None:
    """Take a type that MiniStack does not have, and do nothing about it.

    Raises:
        RuntimeError: MiniStack has it by now.
    """
    if resource_type in _HANDLERS:
        raise RuntimeError(f"MiniStack has {resource_type} now: emulate it no longer")

    def create(logical_id: str, _properties: Properties, stack: str) -> Made:
        physical_id = f"{stack}-{logical_id}"
        return physical_id, {attribute: physical_id}

    def update(physical_id: str, *_rest: Any, **_options: Any) -> Made:
        return physical_id, {attribute: physical_id}

    def delete(_physical_id: str, _properties: Properties) -> None:
        pass

    _HANDLERS[resource_type] = {"create": create, "update": update, "delete": delete}


def wrap_handler(resource_type: str, action: str, wrapper: Callable[..., Any]) -> None:
    """Put `wrapper(original, *arguments, **options)` in the place of a type's handler."""
    original = _HANDLERS[resource_type][action]
    _HANDLERS[resource_type][action] = lambda *a, **o: wrapper(original, *a, **o)


def wrap_function(module: Any, name: str, wrapper: Callable[..., Any]) -> None:
    """Put `wrapper(original, *arguments)` in the place of one of MiniStack's functions."""
    original = getattr(module, name)
    setattr(module, name, lambda *arguments: wrapper(original, *arguments))
