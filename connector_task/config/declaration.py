"""How a setting is declared, and what its declaration says in words.

A setting is one annotated field of a Section: type and bounds, default, key in a JSON file,
variable in the environment, unit, meaning, whether it is secret. Reading, error messages,
`schema.json` and the tables of docs/configuration.md (`make generated`) use this declaration only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, get_args

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})

Text = Annotated[str, Field(pattern=r"\S")]
"""A text that is not blank."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingFacts:
    """What a declaration says beyond pydantic's own attributes.

    Attributes:
        variable: name in the environment; empty where a setting is a part of another one.
        unit: of a number, as "seconds".
        expects: what a value must be, where the type does not say it.
        note: what the documentation adds to the value of the default.
        secret: its value is in no message, no repr and no log.
        echo: whether a message repeats a value that cannot be used.
        may_be_empty: whether an empty variable is a value; others count as absent.
        schema: keywords of the JSON schema that the type does not give.
    """

    variable: str = ""
    unit: str = ""
    expects: str = ""
    note: str = ""
    secret: bool = False
    echo: bool = True
    may_be_empty: bool = False
    schema: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, schema: JsonDict) -> None:
        """Complete the setting's JSON schema; pydantic calls this."""
        schema.update(self.schema)
        if self.secret:
            schema["writeOnly"] = True


def setting(  # noqa: PLR0913  # one argument for each fact
    key: str,
    meaning: str,
    *,
    variable: str = "",
    unit: str = "",
    expects: str = "",
    note: str = "",
    secret: bool = False,
    echo: bool = True,
    may_be_empty: bool = False,
    schema: Mapping[str, Any] | None = None,
    **bounds: float,
) -> Any:
    """Declare a setting, inside `Annotated`.

    `key` is its name in a JSON file, or in a mapping; `meaning` goes into the documentation, in
    Markdown; `bounds` are pydantic's `ge`, `le`, `max_length`; the others are fields of
    `SettingFacts`.
    """
    facts = SettingFacts(
        variable=variable,
        unit=unit,
        expects=expects,
        note=note,
        secret=secret,
        echo=echo and not secret,
        may_be_empty=may_be_empty,
        schema=schema or {},
    )
    extra: dict[str, Any] = dict(bounds)
    return Field(
        validation_alias=key,
        description=meaning,
        repr=not secret,
        json_schema_extra=facts,
        **extra,
    )


class Section(BaseModel):
    """Settings that belong together. Immutable and hashable; compares by value."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        strict=True,  # nothing is guessed: true is no 1, and 5432.0 no port
        validate_by_alias=True,
        validate_by_name=True,
        validate_default=True,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _from_text(cls, value: object, info: ValidationInfo) -> object:
        """In the environment everything is text; a JSON file may have text too."""
        if isinstance(value, list):
            return tuple(value)
        if isinstance(value, str) and info.field_name:
            return from_text(value, base_type(cls.model_fields[info.field_name]))
        return value


def facts(declared: FieldInfo) -> SettingFacts:
    """What `setting` was given."""
    if not isinstance(declared.json_schema_extra, SettingFacts):
        raise TypeError("a field of a Section is declared with `setting`")
    return declared.json_schema_extra


def key_of(declared: FieldInfo) -> str:
    """A setting's or section's key in a JSON file."""
    return str(declared.validation_alias)


def base_type(declared: FieldInfo) -> object:
    """The type of a setting that is set."""
    members = [kind for kind in get_args(declared.annotation) if kind is not type(None)]
    return members[0] if type(None) in get_args(declared.annotation) else declared.annotation


def from_text(text: str, wanted: object) -> object:
    """The value of this type that a text stands for; the text itself where it stands for none."""
    if wanted is bool:
        word = text.lower()
        return word in TRUE if word in TRUE | FALSE else text
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        by_word = {member.casefold(): member for member in wanted}
        return by_word.get(text.casefold(), text)
    if wanted is int or wanted is float:
        try:
            return int(text) if wanted is int else float(text)
        except ValueError:
            return text
    return text


def expectation(declared: FieldInfo) -> str:
    """What a setting's value must be: the end of a sentence with "must be"."""
    said = facts(declared)
    wanted = base_type(declared)
    if said.expects:
        return said.expects
    if wanted is bool:
        return "true or false"
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return f"one of {', '.join(wanted)}"
    if wanted is int or wanted is float:
        return _number(declared, "a whole number" if wanted is int else "a number", said.unit)
    return "a text that is not empty"


def _number(declared: FieldInfo, kind: str, unit: str) -> str:
    low = next(bound.ge for bound in declared.metadata if isinstance(bound, Ge))
    high = next(bound.le for bound in declared.metadata if isinstance(bound, Le))
    return f"{kind}{f' of {unit}' if unit else ''} from {low} to {high}"


def unusable(message: str) -> PydanticCustomError:
    """A value is wrong in a way of its own; the message begins with "must"."""
    return PydanticCustomError("unusable", message)


def missing() -> PydanticCustomError:
    """A setting without a value needs one."""
    return PydanticCustomError("missing", "missing")


def conflict(message: str) -> PydanticCustomError:
    """A value does not go with another one of its section, which `{sslmode}` in a message names."""
    return PydanticCustomError("conflict", message)
