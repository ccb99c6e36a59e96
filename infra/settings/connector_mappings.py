"""The connector's mappings, checked at synth against the schema of its configuration.

The schema is the connector's own, generated from the declarations of its settings, so that this
package need not import the connector.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]

from infra.settings.fields import ConfigError

SCHEMA = Path(__file__).parents[2] / "connector_task" / "config" / "schema.json"


def mappings_variable(mappings: Sequence[Mapping[str, object]]) -> str:
    """The value of `ABLY_CONNECTOR`.

    Raises:
        ConfigError: the connector would refuse some of the mappings; names each problem.
    """
    whole = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema = {"$defs": whole["$defs"], **whole["properties"]["connector"]}
    errors = Draft202012Validator(schema).iter_errors(list(mappings))
    problems = [_sentence(error) for error in errors]
    if problems:
        raise ConfigError(problems)
    return json.dumps(list(mappings))


def _sentence(error: ValidationError) -> str:
    index, *keys = error.absolute_path
    place = "".join(f".{key}" for key in keys)
    return (
        f"the connector's mapping [{index}]{place} cannot be used: {_reason(error)}; "
        "docs/configuration.md explains mappings."
    )


def _reason(error: ValidationError) -> str:
    if {"then", "else"} & set(error.absolute_schema_path):
        return f"{error.instance!r} does not go with the mapping's operation"
    if error.validator in {"pattern", "not"}:  # a regular expression explains nothing
        return f"{error.instance!r} does not have the form that it must have"
    return str(error.message)
