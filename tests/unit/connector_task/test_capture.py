"""What is planned for a database, from what is wanted and what is there."""

import pytest

from connector_task.capture import Capture, Plan, Table, Trigger, captures, plan
from connector_task.config import Operation, TableMapping
from connector_task.table_names import candidates

USERS = Table(1, "public", "users", ("id",))
ORDERS = Table(2, "app", "orders", ())


def test_two_spellings_of_one_table_and_two_channels_are_one_capture() -> None:
    mappings = [
        TableMapping("users", "a", Operation.INSERT),
        TableMapping("public.users", "b", Operation.INSERT),
        TableMapping("users", "a", Operation.DELETE),
    ]
    tables = {"users": USERS, "public.users": USERS}
    assert captures(tables, mappings) == [
        Capture(USERS, Operation.INSERT, ("a", "b")),
        Capture(USERS, Operation.DELETE, ("a",)),
    ]


def found(capture: Capture, *, name: str | None = None, enabled: bool = True) -> Trigger:
    table = capture.table
    return Trigger(
        table.oid, table.schema, table.name, name or capture.trigger_name,
        capture.function_name, enabled,
    )  # fmt: skip


INSERTS = Capture(USERS, Operation.INSERT, ("a",))
DELETES = Capture(ORDERS, Operation.DELETE, ("b",))


def test_nothing_is_planned_where_everything_is_in_place() -> None:
    result = plan({INSERTS: "x"}, [found(INSERTS)], {INSERTS.function_name: "x"})
    assert result.is_empty


def test_a_changed_channel_rewrites_the_function_and_leaves_the_trigger_alone() -> None:
    result = plan({INSERTS: "new"}, [found(INSERTS)], {INSERTS.function_name: "old"})
    assert result == Plan(
        drop_triggers=(),
        write_functions=((INSERTS.function_name, "new"),),
        create_triggers=(),
        drop_functions=(),
    )


def test_what_is_no_longer_wanted_goes() -> None:
    result = plan(
        {INSERTS: "x"},
        [found(INSERTS), found(DELETES)],
        {INSERTS.function_name: "x", DELETES.function_name: "y"},
    )
    assert result.drop_triggers == (found(DELETES),)
    assert result.drop_functions == (DELETES.function_name,)
    assert result.create_triggers == ()


@pytest.mark.parametrize(
    "wrong",
    [
        found(INSERTS, name="people_notify_insert"),
        found(INSERTS, enabled=False),
        Trigger(1, "public", "users", "users_notify_insert", "ably_notify"),
    ],
    ids=["made before the table was renamed", "disabled", "of the original"],
)
def test_a_trigger_that_is_not_quite_right_is_made_anew(wrong: Trigger) -> None:
    result = plan({INSERTS: "x"}, [wrong], {INSERTS.function_name: "x"})
    assert result.drop_triggers == (wrong,)
    assert result.create_triggers == (INSERTS,)


def test_trigger_names_of_long_tables_fit_and_differ() -> None:
    names = {
        Capture(Table(1, "public", "t" * 62 + last, ()), operation, ()).trigger_name
        for last in "xy"
        for operation in Operation
    }
    assert len(names) == 6
    assert all(len(name.encode()) <= 63 for name in names)
    assert all(name.endswith(("_notify_insert", "_notify_update", "_notify_delete"))
               for name in names)  # fmt: skip


def test_a_long_name_is_never_cut_within_a_character() -> None:
    capture = Capture(Table(1, "public", "ü" * 31, ()), Operation.INSERT, ())
    assert len(capture.trigger_name.encode()) <= 63
    assert "\N{REPLACEMENT CHARACTER}" not in capture.trigger_name


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("users", [(None, "users")]),
        ("Users", [(None, "Users"), (None, "users")]),
        ('"Users"', [(None, "Users")]),
        ("app.users", [("app", "users")]),
        ("App.Users", [("App", "Users"), ("app", "users")]),
        ('app."Odd.Name"', [("app", "Odd.Name")]),
        ('"say ""hi"""', [(None, 'say "hi"')]),
        ("odd name", [(None, "odd name")]),
        ("a.b.c", []),
        ('bad"quote', []),
    ],
)
def test_table_names_are_read_as_people_write_them(
    written: str, expected: list[tuple[str | None, str]]
) -> None:
    assert candidates(written) == expected
