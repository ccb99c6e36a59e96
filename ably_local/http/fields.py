"""Bodies of the Control API: read field by field; one wrong or unknown field rejects the body."""

from typing import Any, TypeVar

from ably_local.base.errors import AblyError
from ably_local.http.exchange import Response

# Apps of an account; also keys, namespaces and rules of an app.
MAX_OF_EACH = 100

T = TypeVar("T")


class Fields:
    """The fields of one body; `done` rejects the fields that were not read."""

    def __init__(self, body: dict[str, Any], *, within: str = "") -> None:
        self._left = dict(body)
        self._within = within

    def take(self, name: str, *kinds: type) -> Any:
        """A field that may be absent or null.

        Raises:
            AblyError: 422, if it has another type.
        """
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, kinds):
            raise _invalid(f"{self._within}{name} has the wrong type")
        return value

    def text(self, name: str, *, one_of: tuple[str, ...] = ()) -> str:
        """A required string.

        Raises:
            AblyError: 422, if it is missing, empty or not one of the allowed values.
        """
        value = self.take(name, str)
        if not value:
            raise _invalid(f"{self._within}{name} is required")
        if one_of and value not in one_of:
            raise _invalid(f"{self._within}{name} must be one of {', '.join(one_of)}")
        return str(value)

    def choice(self, name: str, one_of: tuple[str, ...]) -> str | None:
        """An optional string from a list of values.

        Raises:
            AblyError: 422, if it has another value.
        """
        return self.text(name, one_of=one_of) if self.has(name) else None

    def number(self, name: str, *, least: int = 0, most: int = 2**53) -> int | None:
        """An integer that may be absent or null.

        Raises:
            AblyError: 422, if it is not an integer or out of bounds.
        """
        value = self.take(name, int)
        if value is None:
            return None
        if isinstance(value, bool) or not least <= value <= most:
            raise _invalid(f"{self._within}{name} must be from {least} to {most}")
        return int(value)

    def section(self, name: str) -> "Fields":
        """The fields of a required object.

        Raises:
            AblyError: 422, if it is missing or not an object.
        """
        value = self.take(name, dict)
        if value is None:
            raise _invalid(f"{self._within}{name} is required")
        return Fields(value, within=f"{self._within}{name}.")

    def objects(self, name: str) -> list["Fields"]:
        """The fields of each object of an optional list.

        Raises:
            AblyError: 422, if it is not a list of objects.
        """
        items = self.take(name, list) or []
        if not all(isinstance(item, dict) for item in items):
            raise _invalid(f"{self._within}{name} is not a list of objects")
        return [
            Fields(item, within=f"{self._within}{name}[{index}].")
            for index, item in enumerate(items)
        ]

    def has(self, name: str) -> bool:
        """Whether the field is present and not null."""
        return self._left.get(name) is not None

    def ignore(self, *names: str) -> None:
        """Accept fields that have no effect on this server."""
        for name in names:
            self._left.pop(name, None)

    def done(self) -> None:
        """Check that every field was read.

        Raises:
            AblyError: 422, if there is an unknown field.
        """
        if self._left:
            raise _invalid(f"{self._within}{min(self._left)} is not a known field")


def control_error(error: AblyError) -> Response:
    """The error body of the Control API, which is not wrapped in `error`."""
    return Response(status=error.status, value=error.info())


def find(known: dict[str, T], name: str) -> T:
    """Find a resource by its id.

    Raises:
        AblyError: 40400, if there is none.
    """
    if name not in known:
        raise AblyError(40400, 404, "not found")
    return known[name]


def wrong_method() -> AblyError:
    """The error for an existing path with an unsupported method."""
    return AblyError(40500, 404, "no such operation")


def _invalid(why: str) -> AblyError:
    return AblyError(40000, 422, why)
