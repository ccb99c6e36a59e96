"""The list of mappings: each is there once, and none has two forms."""

from collections.abc import Callable
from typing import Annotated

from pydantic import ValidationError, WrapValidator
from pydantic_core import InitErrorDetails, PydanticCustomError

from connector_task.config.choices import Operation
from connector_task.config.declaration import conflict
from connector_task.config.mapping import TableMapping


def _once_each(
    value: object, handler: Callable[[object], tuple[TableMapping, ...]]
) -> tuple[TableMapping, ...]:
    """A mapping that is repeated counts once; with other options it is a problem.

    The control table identifies a mapping by table, channel and operation only. Mappings that can
    be used are compared even where others cannot.
    """
    if not isinstance(value, tuple):
        raise ValueError  # noqa: TRY004  # pydantic expects this one
    errors: list[InitErrorDetails] = []
    found: dict[TableMapping, None] = {}
    first: dict[tuple[str, str, Operation], int] = {}
    for index, element in enumerate(value):
        try:
            (mapping,) = handler((element,))
        except ValidationError as exc:
            errors += _moved(exc, index)
            continue
        if mapping in found:
            continue
        found[mapping] = None
        place = first.setdefault((mapping.table, mapping.channel, mapping.operation), index)
        if place != index:
            message = f"says otherwise than [{place}] for the same table, channel, operation"
            errors.append({"type": conflict(message), "loc": (index,), "input": element})
    if errors:
        raise ValidationError.from_exception_data("mappings", errors)
    return tuple(found)


def _moved(error: ValidationError, index: int) -> list[InitErrorDetails]:
    """The errors of a list of one element, as those of the element at another index.

    Unknown keys come first: they explain what is missing.
    """
    lines = sorted(
        error.errors(include_url=False), key=lambda line: line["type"] != "extra_forbidden"
    )
    return [
        {
            "type": PydanticCustomError(line["type"], line["msg"], line.get("ctx")),
            "loc": (index, *line["loc"][1:]),
            "input": line["input"],
        }
        for line in lines
    ]


Mappings = Annotated[tuple[TableMapping, ...], WrapValidator(_once_each)]
