"""Functions and containers: what MiniStack's CloudFormation forgets of them."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecr, lambda_svc
from ministack.services.cloudformation import provisioners

from tests.deploy.emulated.handlers import Made, Properties, wrap_function, wrap_handler

INNER_NAMES = ("Secrets", "DependsOn", "HealthCheck")


def install(function_environment: Mapping[str, str]) -> None:
    """Have MiniStack remember it, and replace these variables of functions that have them."""

    def adapted(properties: Properties) -> Properties:
        own: dict[str, str] = properties.get("Environment", {}).get("Variables", {})
        replaced = {name: function_environment.get(name, value) for name, value in own.items()}
        return {**properties, "Environment": {"Variables": replaced}}

    def create(
        original: Callable[..., Made], logical_id: str, properties: Properties, stack: str
    ) -> Made:
        made = original(logical_id, adapted(properties), stack)
        _keep_dead_letters(made[0], properties)
        return made

    def update(
        original: Callable[..., Made],
        physical_id: str,
        old: Properties,
        new: Properties,
        *rest: Any,
        **options: Any,
    ) -> Made:
        made = original(physical_id, adapted(old), adapted(new), *rest, **options)
        _keep_dead_letters(made[0], new)
        return made

    wrap_handler("AWS::Lambda::Function", "create", create)
    wrap_handler("AWS::Lambda::Function", "update", update)
    wrap_function(provisioners, "_normalize_container_defs", _with_inner_names)
    wrap_function(ecr, "_describe_images", _describe_images)


def _keep_dead_letters(name: str, properties: Properties) -> None:
    if "DeadLetterConfig" in properties:
        config = lambda_svc._functions[name]["config"]  # noqa: SLF001
        config["DeadLetterConfig"] = properties["DeadLetterConfig"]


def _with_inner_names(original: Callable[..., Any], containers: list[Properties]) -> Any:
    """Name what is inside a container definition as ECS does."""

    def lowered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key[0].lower() + key[1:]: lowered(item) for key, item in value.items()}
        return [lowered(item) for item in value] if isinstance(value, list) else value

    return original(
        [
            {key: lowered(item) if key in INNER_NAMES else item for key, item in container.items()}
            for container in containers
        ]
    )


def _describe_images(original: Callable[[Properties], Any], request: Properties) -> Any:
    """An image that is not there is an error, by which the CDK knows that it has to build it."""
    name = request["repositoryName"]
    if all(ecr._find_image(name, each) for each in request.get("imageIds", [])):  # noqa: SLF001
        return original(request)
    return error_response_json("ImageNotFoundException", "the image does not exist", 400)
