"""The JSON schema of the connector's configuration, from the declarations of its settings."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from connector_task.config.model import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """As a file has it: a setting that is not set is left out, null is no value of any."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, ()):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's own name
        return False


def schema_text() -> str:
    """The file's content."""
    schema = Settings.model_json_schema(by_alias=True, schema_generator=_Schema)
    for definition in (schema, *schema["$defs"].values()):
        definition.pop("title")
    note = {"type": "string", "description": "where an editor finds this schema; not used"}
    whole = {
        "$schema": DIALECT,
        "title": "Configuration of the connector",
        **schema,
        "properties": {"$schema": note, **schema["properties"]},
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
