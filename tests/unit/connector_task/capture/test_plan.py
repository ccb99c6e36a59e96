"""What is planned for a database, from what is wanted and what is there."""

from dataclasses import replace

import pytest

from connector_task.capture.plan import (
    Capture,
    InstallationPlan,
    Relation,
    Route,
    Table,
    Trigger,
    captures,
    installation_plan,
)
from connector_task.capture.table_names import candidates, quoted
from connector_task.config.choices import Operation
from connector_task.config.mapping import MappingOptions, TableMapping

USERS = Table(1, "public", "users", ("id",))
ORDERS = Table(2, "app", "orders", ())


def test_two_spellings_of_one_table_and_two_channels_are_one_capture() -> None:
    mappings = [
        TableMapping(table="users", channel="a", operation=Operation.INSERT),
        TableMapping(table="public.users", channel="b", operation=Operation.INSERT),
        TableMapping(table="users", channel="a", operation=Operation.DELETE),
    ]
    tables = {"users": USERS, "public.users": USERS}
    assert captures(tables, mappings) == [
        Capture(USERS, Operation.INSERT, (Route("a"), Route("b"))),
        Capture(USERS, Operation.DELETE, (Route("a"),)),
    ]


def found(capture: Capture, *, name: str | None = None, enabled: bool = True) -> Trigger:
    (trigger,) = capture.triggers
    relation = trigger.relation
    return Trigger(
        relation.oid, relation.schema, relation.name, name or trigger.name,
        capture.function_name, enabled, capture.sees_both,
    )  # fmt: skip


INSERTS = Capture(USERS, Operation.INSERT, (Route("a"),))
DELETES = Capture(ORDERS, Operation.DELETE, (Route("b"),))


def test_nothing_is_planned_where_everything_is_in_place() -> None:
    result = installation_plan({INSERTS: "x"}, [found(INSERTS)], {INSERTS.function_name: "x"})
    assert result.is_empty


def test_a_changed_channel_rewrites_the_function_and_leaves_the_trigger_alone() -> None:
    result = installation_plan({INSERTS: "new"}, [found(INSERTS)], {INSERTS.function_name: "old"})
    assert result == InstallationPlan(
        drop_triggers=(),
        write_functions=((INSERTS.function_name, "new"),),
        create_triggers=(),
        drop_functions=(),
    )


def test_what_is_no_longer_wanted_goes() -> None:
    result = installation_plan(
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
    result = installation_plan({INSERTS: "x"}, [wrong], {INSERTS.function_name: "x"})
    assert result.drop_triggers == (wrong,)
    assert result.create_triggers == INSERTS.triggers


def test_a_trigger_on_another_roles_table_is_left_while_its_function_stays() -> None:
    foreign = Trigger(
        9, "own", "t", "forged", INSERTS.function_name, enabled=True, is_droppable=False
    )
    result = installation_plan(
        {INSERTS: "x"}, [found(INSERTS), foreign], {INSERTS.function_name: "x"}
    )
    assert (result.is_empty, result.foreign_triggers) == (True, (foreign,))
    without = installation_plan({}, [foreign], {INSERTS.function_name: "x"})
    assert (without.drop_functions, without.foreign_triggers) == ((INSERTS.function_name,), ())
    assert without.drop_triggers == ()


def test_a_trigger_on_a_captured_table_of_another_roles_is_made_anew() -> None:
    disabled = replace(found(INSERTS, enabled=False), is_droppable=False)
    result = installation_plan({INSERTS: "x"}, [disabled], {INSERTS.function_name: "x"})
    assert (result.drop_triggers, result.create_triggers) == ((disabled,), INSERTS.triggers)


def test_a_trigger_that_sees_too_little_for_a_new_option_is_made_anew() -> None:
    update = Capture(USERS, Operation.UPDATE, (Route("a"),))
    with_old = Capture(USERS, Operation.UPDATE, (Route("a", MappingOptions(old=True)),))
    result = installation_plan({with_old: "x"}, [found(update)], {with_old.function_name: "x"})
    assert result.drop_triggers == (found(update),)
    assert result.create_triggers == with_old.triggers


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (Route("a"), False),
        (Route("a", MappingOptions(columns=("id",), headers=(("x", "{id}"),))), False),
        (Route("a", MappingOptions(old=True)), True),
        (Route("a", MappingOptions(where="id > 1")), True),
        (Route("a:{id}"), True),
        (Route("a:{{id}}"), False),
    ],
)
def test_old_rows_are_collected_only_where_they_are_needed(route: Route, *, expected: bool) -> None:
    assert Capture(USERS, Operation.UPDATE, (route,)).sees_both is expected
    assert not Capture(USERS, Operation.INSERT, (route,)).sees_both


def test_a_partitioned_table_has_triggers_on_its_partitions_but_for_truncate() -> None:
    partitions = (Relation(8, "public", "logs_1"), Relation(9, "old", "logs_2"))
    logs = Table(7, "public", "logs", partitions=partitions)
    inserts = Capture(logs, Operation.INSERT, (Route("a"),)).triggers
    assert [trigger.relation.name for trigger in inserts] == ["logs", "logs_1", "logs_2"]
    assert inserts[2].name == "logs_2_notify_insert"
    truncates = Capture(logs, Operation.TRUNCATE, (Route("a"),)).triggers
    assert [trigger.relation.name for trigger in truncates] == ["logs"]


def test_trigger_names_of_long_tables_fit_and_differ() -> None:
    names = {
        Capture(Table(1, "public", "t" * 62 + last, ()), operation, ()).triggers[0].name
        for last in "xy"
        for operation in Operation
    }
    assert len(names) == 2 * len(Operation)
    assert all(len(name.encode()) <= 63 for name in names)
    suffixes = tuple(f"_notify_{operation.lower()}" for operation in Operation)
    assert all(name.endswith(suffixes) for name in names)


def test_a_long_name_is_never_cut_within_a_character() -> None:
    (trigger,) = Capture(Table(1, "public", "ü" * 31, ()), Operation.INSERT, ()).triggers
    assert len(trigger.name.encode()) <= 63
    assert "\N{REPLACEMENT CHARACTER}" not in trigger.name


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


def test_table_names_are_written_as_sql_reads_them() -> None:
    assert quoted("app", 'say "hi"') == '"app"."say ""hi"""'
