"""ECS services whose tasks do not start: the deployment circuit breaker fails the update."""

import json
from collections.abc import Callable
from typing import Any

from tests.deploy.emulated.handlers import Made, Properties, wrap_handler
from tests.deploy.emulated.marks import BREAKER, TASK_FAILS

_failing: set[str] = set()


def install() -> None:
    """Have MiniStack do it."""
    wrap_handler("AWS::ECS::TaskDefinition", "create", _register)
    wrap_handler("AWS::ECS::TaskDefinition", "update", _register_again)
    wrap_handler("AWS::ECS::Service", "create", _create)
    wrap_handler("AWS::ECS::Service", "update", _update)


def _register(
    original: Callable[..., Made], logical_id: str, properties: Properties, stack: str
) -> Made:
    return _noted(original(logical_id, properties, stack), properties)


def _register_again(
    original: Callable[..., Made],
    physical_id: str,
    old: Properties,
    new: Properties,
    *rest: Any,
    **options: Any,
) -> Made:
    return _noted(original(physical_id, old, new, *rest, **options), new)


def _noted(made: Made, properties: Properties) -> Made:
    if TASK_FAILS in json.dumps(properties):
        _failing.add(made[0])
    return made


def _create(
    original: Callable[..., Made], logical_id: str, properties: Properties, stack: str
) -> Made:
    _check(properties)
    return original(logical_id, properties, stack)


def _update(
    original: Callable[..., Made], physical_id: str, old: Properties, new: Properties, *rest: Any
) -> Made:
    _check(new)
    return original(physical_id, old, new, *rest)


def _check(properties: Properties) -> None:
    if properties["TaskDefinition"] in _failing:
        raise RuntimeError(BREAKER)
