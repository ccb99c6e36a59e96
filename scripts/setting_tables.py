"""The tables of settings in docs/configuration.md, from the declarations of the settings."""

from collections.abc import Iterable
from enum import StrEnum

from annotated_types import MaxLen
from pydantic.fields import FieldInfo

from connector_task.config.declaration import base_type, expectation, facts
from connector_task.config.mapping import TableMapping
from connector_task.config.model import settings
from infra.settings.stage import declared_settings


def connector_table() -> str:
    """Every setting of the connector."""
    return _table(
        ("JSON key", "variable", "default", "value", "meaning"),
        (
            (
                f"`{'.'.join(setting.path)}`",
                f"`{setting.facts.variable}`",
                _default(setting.field),
                _value(setting.field),
                setting.field.description or "",
            )
            for setting in settings()
        ),
    )


def mapping_table() -> str:
    """Every key of a mapping."""
    return _table(
        ("key", "default", "value", "meaning"),
        (
            (
                f"`{setting.path[-1]}`",
                _default(setting.field),
                _value(setting.field),
                setting.field.description or "",
            )
            for setting in settings(TableMapping)
        ),
    )


def stage_table() -> str:
    """Every setting of a stage."""
    return _table(
        ("setting", "dev", "prod", "value", "meaning"),
        (
            (
                f"`{name}`",
                f"`{rules.defaults['dev']}`",
                f"`{rules.defaults['prod']}`",
                rules.parser.expects,
                rules.meaning,
            )
            for name, rules in declared_settings().items()
        ),
    )


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _default(field: FieldInfo) -> str:
    note = facts(field).note
    if field.is_required():
        return "required"
    if field.default in (None, ()):
        return note or "none"
    stated = f"`{_written(field.default)}`"
    return f"{stated}, {note}" if note else stated


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _value(field: FieldInfo) -> str:
    kind = base_type(field)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(f"`{member}`" for member in kind)
    longest = next((bound.max_length for bound in field.metadata if isinstance(bound, MaxLen)), 0)
    if longest:
        return f"text of at most {longest} characters"
    if kind is str and not facts(field).expects:
        return "text"
    return expectation(field).replace("<", "&lt;").replace(">", "&gt;")
