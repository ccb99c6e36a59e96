"""One mapping of a table's changes to a channel, and its options."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic.config import JsonDict

from connector_task.config import mapping_values, templates
from connector_task.config.choices import Operation, Payload
from connector_task.config.declaration import Section, Text, conflict, setting
from connector_task.config.mapping_values import (
    CHANNEL,
    FIXED,
    MAX_CONDITION_CHARACTERS,
    MAX_HEADERS,
    Headers,
    HeadersInFile,
)


class _Change(Section):
    """What happens, and where it is published."""

    table: Annotated[
        Text,
        setting(
            "tablename",
            '`users`, `app.users`, `"Odd Name"`, `app."Odd Name"`. Without a schema the role\'s '
            "search path decides. A name without quotes means the table of exactly that name, or "
            "else the one in lower case",
            max_length=100,
        ),
    ]
    operation: Annotated[
        Operation,
        setting(
            "operation", "the kind of change. A TRUNCATE is one message, whose `row` is `null`"
        ),
    ]
    channel: Annotated[
        Text,
        setting(
            "ablychannelname",
            "the channel. `{column}` stands for the row's value, `{{` and `}}` for a brace",
            max_length=100,
            schema={"allOf": [{"pattern": CHANNEL}]},
        ),
        AfterValidator(mapping_values.channel),
    ]


class MappingOptions(Section):
    """What of a change is published, and in which form."""

    columns: Annotated[
        Annotated[
            tuple[Annotated[str, Field(min_length=1)], ...],
            Field(min_length=1),
            AfterValidator(mapping_values.distinct),
        ]
        | None,
        setting(
            "columns",
            "the columns to publish, in this order, named exactly. A marker for a row that is too "
            "large has those of the primary key that are among them",
            expects="a list of different columns' names, at least one",
            note="all, in the table's order",
            schema={"uniqueItems": True},
        ),
    ] = None
    where: Annotated[
        Annotated[
            Text,
            Field(max_length=MAX_CONDITION_CHARACTERS),
            AfterValidator(mapping_values.condition),
        ]
        | None,
        setting(
            "where",
            "an SQL condition on the row: changes of other rows are not published; at most "
            f"{MAX_CONDITION_CHARACTERS} characters",
            note="every row",
            schema={"not": {"pattern": "[;\\u0000]"}},
        ),
    ] = None
    old: Annotated[
        bool,
        setting("old", "`true` adds `old_row`, the row before the change, to an UPDATE"),
    ] = False
    payload: Annotated[
        Payload,
        setting(
            "payload",
            "`string`: `data` is a text that clients parse. `json`: `data` is an object",
        ),
    ] = Payload.STRING
    headers: Annotated[
        Headers,
        setting(
            "headers",
            "texts, numbers and booleans that arrive as `extras.headers`. In a text `{column}` "
            "stands for the row's value; where that is NULL, the header is left out. Headers of "
            "more than 16 KiB are left out of a marker",
            expects=f"an object of 1 to {MAX_HEADERS} headers",
            schema={"minProperties": 1, "maxProperties": MAX_HEADERS},
        ),
        BeforeValidator(mapping_values.headers, json_schema_input_type=HeadersInFile),
    ] = ()

    @property
    def header_columns(self) -> tuple[str, ...]:
        """The columns that headers name."""
        return tuple(
            name
            for _, value in self.headers
            if isinstance(value, str)
            for name in templates.columns(value)
        )


PLAIN = MappingOptions()

_NOTHING: JsonDict = {"not": {}}
# What the validators below check of two settings together.
_SCHEMA: JsonDict = {
    "allOf": [
        {
            "if": {"properties": {"operation": {"const": "UPDATE"}}},
            "else": {"properties": {"old": {"const": False}}},
        },
        {
            "if": {"properties": {"operation": {"const": "TRUNCATE"}}, "required": ["operation"]},
            "then": {
                "properties": {
                    "columns": _NOTHING,
                    "where": _NOTHING,
                    "ablychannelname": FIXED,
                    "headers": {
                        "additionalProperties": {"anyOf": [FIXED, {"type": ["number", "boolean"]}]}
                    },
                }
            },
        },
    ]
}
_NO_ROWS = "a TRUNCATE has no rows and so no columns"


class TableMapping(MappingOptions, _Change):  # fields of the last base come first
    """Changes of one kind to one table go to one channel."""

    model_config = ConfigDict(json_schema_extra=_SCHEMA)

    @property
    def options(self) -> MappingOptions:
        """Its options without the rest."""
        return MappingOptions.model_construct(
            **{name: getattr(self, name) for name in MappingOptions.model_fields}
        )

    @field_validator("channel")
    @classmethod
    def _channel_of_truncate(cls, channel: str, info: ValidationInfo) -> str:
        if info.data.get("operation") is Operation.TRUNCATE and templates.columns(channel):
            raise conflict(_NO_ROWS)
        return channel

    @field_validator("columns", "where")
    @classmethod
    def _rows_of_truncate(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("operation") is Operation.TRUNCATE:
            raise conflict(_NO_ROWS)
        return value

    @field_validator("old")
    @classmethod
    def _old_row(cls, old: bool, info: ValidationInfo) -> bool:  # noqa: FBT001  # pydantic calls it
        operation = info.data.get("operation", Operation.UPDATE)
        if old and operation is not Operation.UPDATE:
            raise conflict(f"only an UPDATE has an old row, not {operation}")
        return old

    @field_validator("headers")
    @classmethod
    def _headers_of_truncate(cls, headers: Headers, info: ValidationInfo) -> Headers:
        named = MappingOptions.model_construct(headers=headers).header_columns
        if named and info.data.get("operation") is Operation.TRUNCATE:
            raise conflict(_NO_ROWS)
        return headers
