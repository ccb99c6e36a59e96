"""What a mapping's options make of changes, as the outbox then holds them."""

from urllib.parse import quote

import pytest

from connector_task.errors import ErrorCode, InstallationError
from tests.integration.connector.captured import CapturedDatabase


@pytest.fixture
def db(database_url: str) -> CapturedDatabase:
    database = CapturedDatabase(database_url)
    database.sql("CREATE TABLE users (id bigint PRIMARY KEY, name text, room text, age int)")
    return database


def test_only_the_chosen_columns_are_published_in_the_chosen_order(db: CapturedDatabase) -> None:
    db.install_all(columns=["name", "id"])
    db.sql("INSERT INTO users VALUES (1, 'Zoë', 'a', 7)")
    db.sql("UPDATE users SET age = 8")
    db.sql("DELETE FROM users")
    assert db.take() == [
        ("people", operation, {"name": "Zoë", "id": 1})
        for operation in ("INSERT", "UPDATE", "DELETE")
    ]


def test_a_row_too_large_shows_no_column_that_is_not_chosen(db: CapturedDatabase) -> None:
    db.install({"columns": ["name"]}, {"columns": ["id", "name"], "ablychannelname": "keyed"})
    db.sql("INSERT INTO users VALUES (1, repeat('x', 70000))")
    assert db.take_events() == [
        ("people", {"table": "users", "type": "INSERT", "row": {}, "truncated": True}),
        ("keyed", {"table": "users", "type": "INSERT", "row": {"id": 1}, "truncated": True}),
    ]


def test_an_update_carries_the_old_row_where_that_is_asked_for(db: CapturedDatabase) -> None:
    db.sql("ALTER TABLE users DROP CONSTRAINT users_pkey, ADD PRIMARY KEY (id) DEFERRABLE")
    db.install(
        {"operation": "UPDATE", "old": True, "columns": ["id", "age"]},
        {"operation": "UPDATE", "ablychannelname": "plain"},
    )
    db.sql("INSERT INTO users SELECT n, 'n', NULL, n * 10 FROM generate_series(1, 3) AS n")
    db.sql("UPDATE users SET id = 4 - id, age = age + 1")  # keys change hands
    events = db.take_events()
    with_old = [event for channel, event in events if channel == "people"]
    assert [(event["old_row"], event["row"]) for event in with_old] == [
        ({"id": n, "age": n * 10}, {"id": 4 - n, "age": n * 10 + 1}) for n in (1, 2, 3)
    ]
    assert list(with_old[0]) == ["table", "type", "row", "old_row"]
    assert ["old_row" in event for channel, event in events if channel == "plain"] == [False] * 3


def test_a_filter_lets_through_what_it_is_true_for(db: CapturedDatabase) -> None:
    db.install({"where": "age > 17 AND users.name LIKE '%a%' -- adults"})
    db.sql("INSERT INTO users VALUES (1, 'a', '', 18), (2, 'a', '', 17), (3, 'a', '', NULL)")
    assert [row["id"] for _, _, row in db.take()] == [1]


def test_a_row_that_leaves_or_enters_a_filter_is_deleted_or_inserted_there(
    db: CapturedDatabase,
) -> None:
    people = [(1, "in", 20), (2, "leaves", 20), (3, "enters", 1), (4, "out", 1)]
    for person in people:
        db.sql("INSERT INTO users (id, name, age) VALUES (%s, %s, %s)", *person)
    db.install({"operation": "UPDATE", "where": "age > 17"})
    db.sql("UPDATE users SET age = CASE WHEN name IN ('in', 'enters') THEN 30 ELSE 2 END")
    assert [(kind, row["name"], row["age"]) for _, kind, row in db.take()] == [
        ("UPDATE", "in", 30), ("DELETE", "leaves", 20), ("INSERT", "enters", 30),
    ]  # fmt: skip


def test_a_channel_is_made_of_a_rows_values_as_a_client_would_make_it(
    db: CapturedDatabase,
) -> None:
    db.install({"ablychannelname": "chat:{room}:{id}{{}}"})
    rooms = ["plain-1.a_b~c", "a:b", "[meta]log", "Käse 50%/\n", "", "*!'()"]
    for number, room in enumerate(rooms):
        db.sql("INSERT INTO users VALUES (%s, 'n', %s)", number, room)
    db.sql("INSERT INTO users VALUES (9, 'n', NULL)")
    encoded = [quote(room, safe="!~*'()") for room in rooms]  # as encodeURIComponent
    expected = [f"chat:{room}:{number}{{}}" for number, room in enumerate(encoded)]
    assert [channel for channel, _, _ in db.take()] == [*expected, "chat:null:9{}"]


def test_a_value_too_long_for_a_channel_still_has_one_of_its_own(db: CapturedDatabase) -> None:
    db.install({"ablychannelname": "chat:{room}"})
    for number in range(2):
        db.sql("INSERT INTO users VALUES (%s, 'n', repeat('ö', 5000) || %s)", number, number)
    first, second = [channel for channel, _, _ in db.take()]
    assert first != second
    assert len(first) == len(second) == len("chat:") + 256


def test_an_update_that_moves_a_row_deletes_it_on_the_old_channel_and_inserts_it_on_the_new(
    db: CapturedDatabase,
) -> None:
    db.sql("INSERT INTO users VALUES (1, 'a', 'x'), (2, 'b', 'x'), (3, 'c', 'y')")
    db.install_all(ablychannelname="chat:{room}")
    db.sql("UPDATE users SET room = 'y', name = name || '!' WHERE id <> 2")
    assert db.take() == [
        ("chat:x", "DELETE", {"id": 1, "name": "a", "room": "x", "age": None}),
        ("chat:y", "INSERT", {"id": 1, "name": "a!", "room": "y", "age": None}),
        ("chat:y", "UPDATE", {"id": 3, "name": "c!", "room": "y", "age": None}),
    ]


def test_a_table_without_a_key_pairs_its_rows_too(db: CapturedDatabase) -> None:
    db.sql("CREATE TABLE bag (item text)")
    db.sql("INSERT INTO bag SELECT 'same' FROM generate_series(1, 500)")
    db.install({"tablename": "bag", "operation": "UPDATE", "old": True})
    db.sql("UPDATE bag SET item = 'n' || floor(random() * 1e9)")
    db.take()
    db.sql("UPDATE bag SET item = item || '!'")
    events = [event for _, event in db.take_events()]
    assert len(events) == 500
    assert all(event["row"]["item"] == event["old_row"]["item"] + "!" for event in events)


def test_cascades_to_a_table_pair_its_rows_even_where_a_row_changes_twice(
    db: CapturedDatabase,
) -> None:
    db.sql("CREATE TABLE a (k int PRIMARY KEY)")
    db.sql("CREATE TABLE b (k int PRIMARY KEY, x int REFERENCES a ON UPDATE CASCADE, "
           "y int REFERENCES a ON UPDATE CASCADE)")  # fmt: skip
    db.sql("INSERT INTO a VALUES (1), (2)")
    db.sql("INSERT INTO b VALUES (7, 1, 2), (8, 2, 1), (9, 1, 1)")
    db.install({"tablename": "b", "operation": "UPDATE", "old": True})
    db.sql("UPDATE a SET k = k + 10")
    last = {7: {"k": 7, "x": 1, "y": 2}, 8: {"k": 8, "x": 2, "y": 1}, 9: {"k": 9, "x": 1, "y": 1}}
    for _, event in db.take_events():
        assert event["old_row"] == last[event["row"]["k"]]
        last[event["row"]["k"]] = event["row"]
    assert list(last.values()) == [
        {"k": 7, "x": 11, "y": 12}, {"k": 8, "x": 12, "y": 11}, {"k": 9, "x": 11, "y": 11},
    ]  # fmt: skip


def test_a_condition_that_fails_on_a_row_fails_no_writer_and_hides_no_change(
    db: CapturedDatabase,
) -> None:
    db.install(
        *({"operation": one, "where": "10 / age > 1"} for one in ("INSERT", "UPDATE", "DELETE")),
        {"ablychannelname": "all"},
    )
    db.sql("INSERT INTO users VALUES (1, '', '', 5), (2, '', '', 0), (3, '', '', 100)")
    problems = db.problems()
    found = [
        (channel, row["id"], problem)
        for (channel, _, row), problem in zip(db.take(), problems, strict=True)
    ]
    assert sorted(found, key=str) == [
        ("all", 1, None), ("all", 2, None), ("all", 3, None),
        ("people", 1, None), ("people", 2, "error 22012 in the condition"),
    ]  # fmt: skip
    db.sql("UPDATE users SET age = 0 WHERE id = 1")
    assert [(kind, row["id"]) for _, kind, row in db.take()] == [("UPDATE", 1)]
    db.sql("DELETE FROM users")
    assert sorted(row["id"] for _, _, row in db.take()) == [1, 2]


def test_what_columns_and_conditions_name_in_vain_is_told_at_install_all_at_once(
    db: CapturedDatabase,
) -> None:
    installation = db.installation(
        {"columns": ["id", "nmae"]},
        {"ablychannelname": "chat:{rom}", "headers": {"x": "{ag}"}},
        {"operation": "UPDATE", "where": "agee > 1"},
        {"operation": "DELETE", "where": "age"},
        {"operation": "DELETE", "ablychannelname": "b", "where": "age > 1) AND (count(*) > 1"},
        {"operation": "DELETE", "ablychannelname": "c", "where": "missing(age)"},
    )
    for attempt in (installation.check, installation.install):
        with pytest.raises(InstallationError) as caught:
            attempt()
        assert caught.value.code is ErrorCode.MAPPING_UNSUITABLE
        assert str(caught.value).split("; ") == [
            "users INSERT to people: the table has no column nmae",
            "users INSERT to chat:{rom}: the table has no column ag, rom",
            "users UPDATE to people: the condition cannot be used",
            'column "agee" does not exist',
            "users DELETE to people: the condition cannot be used",
            "argument of WHERE must be type boolean, not type integer",
            "users DELETE to b: the condition cannot be used",
            "aggregate functions are not allowed in WHERE",
            "users DELETE to c: the condition cannot be used",
            "function missing(integer) does not exist",
        ]
    assert db.sql("SELECT to_regnamespace('ably')") == [(None,)]


def test_a_condition_is_checked_under_the_search_path_that_it_runs_under(
    db: CapturedDatabase,
) -> None:
    db.sql("CREATE FUNCTION adult(age int) RETURNS boolean RETURN age > 17")
    with pytest.raises(InstallationError, match=r"function adult\(integer\) does not exist"):
        db.install({"where": "adult(age)"})
    db.install({"where": "public.adult(age)"})
    db.sql("INSERT INTO users VALUES (1, 'a', '', 18), (2, 'b', '', 17)")
    assert db.problems() == [None]


def test_a_condition_is_read_apart_from_the_captures_own_names(db: CapturedDatabase) -> None:
    names = ("capture", "changed", "before", "seen", "verdict", "shift", "item", "tg_op", "place")
    db.sql(f"CREATE TABLE capture ({', '.join(f'{name} text' for name in names)})")
    where = " AND ".join(f"{name} = '{name}'" for name in names) + " -- all of them"
    db.install(*(
        {"tablename": "capture", "operation": one, "where": where, "headers": {"a": "{item}"}}
        for one in ("INSERT", "UPDATE", "DELETE")
    ))  # fmt: skip
    db.sql(f"INSERT INTO capture VALUES ({', '.join(['%s'] * len(names))})", *names)
    db.sql("INSERT INTO capture DEFAULT VALUES")
    db.sql("UPDATE capture SET shift = shift")
    db.sql("DELETE FROM capture")
    assert db.problems() == [None] * 3
    assert [kind for _, kind, _ in db.take()] == ["INSERT", "UPDATE", "DELETE"]


def test_headers_are_fixed_or_made_of_columns_and_left_out_where_those_are_null(
    db: CapturedDatabase,
) -> None:
    made = {"kind": "it's {{x}}", "v": 1.5, "ok": True, "who": "u-{id}/{name}", "in": "{room}"}
    db.install({"headers": made}, {"ablychannelname": "fixed", "headers": {"v": 2}})
    db.sql("INSERT INTO users VALUES (1, 'Zoë')")
    assert db.sql("SELECT channel, headers FROM ably.outbox ORDER BY id") == [
        ("people", {"kind": "it's {x}", "v": 1.5, "ok": True, "who": "u-1/Zoë"}),
        ("fixed", {"v": 2}),
    ]


def test_headers_too_large_for_ably_are_left_out_of_the_marker(db: CapturedDatabase) -> None:
    db.install({"columns": ["id"], "headers": {"name": "{name}"}})
    db.sql("INSERT INTO users VALUES (1, repeat('x', 70000)), (2, repeat('y', 60000))")
    assert db.sql("SELECT headers IS NULL, truncated, data::json ->> 'row' FROM ably.outbox") == [
        (True, True, '{ "id" : 1 }'),
        (False, False, '{"id":2}'),
    ]


def test_a_truncate_is_one_message_without_a_row(db: CapturedDatabase) -> None:
    db.install(
        {"operation": "TRUNCATE"},
        {"operation": "TRUNCATE", "ablychannelname": "b", "payload": "json", "headers": {"x": 1}},
    )
    db.sql("TRUNCATE users")
    assert db.sql("SELECT channel, encoding, headers FROM ably.outbox ORDER BY id") == [
        ("people", None, None), ("b", "json", {"x": 1}),
    ]  # fmt: skip
    assert [event for _, event in db.take_events()] == [
        {"table": "users", "type": "TRUNCATE", "row": None}
    ] * 2


def test_options_may_be_taken_back(db: CapturedDatabase) -> None:
    db.install({"operation": "UPDATE", "old": True})
    db.install({"operation": "UPDATE"})
    db.sql("INSERT INTO users VALUES (1)")
    db.sql("UPDATE users SET name = 'x'")
    assert [sorted(event) for _, event in db.take_events()] == [["row", "table", "type"]]
    assert db.installation({"operation": "UPDATE"}).install().is_empty
