"""The arrangement of one transaction's commands."""

from lambdas.ingest.commands import Delete, Edit, Write
from lambdas.ingest.plan import plan


def write(message_id: str, content: str = "x") -> Write:
    return Write(
        message_id=message_id, client_id="a", timestamp_ms=1, username="Ann", content=content
    )


def edit(target_id: str, *, at: tuple[int, str], client_id: str = "a") -> Edit:
    return Edit(
        message_id=at[1],
        client_id=client_id,
        timestamp_ms=at[0],
        target_id=target_id,
        content=f"{at}",
    )


def delete(target_id: str, message_id: str = "d", client_id: str = "a") -> Delete:
    return Delete(message_id=message_id, client_id=client_id, timestamp_ms=1, target_id=target_id)


def test_a_message_repeated_in_one_event_is_written_once_and_as_it_came_first() -> None:
    first, again, other = write("m1", "first"), write("m1", "again"), write("m2")
    assert plan([first, other, again]).writes == (first, other)


def test_of_several_edits_the_greatest_is_left() -> None:
    early, late = edit("m1", at=(1, "z")), edit("m1", at=(2, "a"))
    assert plan([early, late]).edits == plan([late, early]).edits == (late,)


def test_of_edits_at_one_time_the_greater_id_is_left() -> None:
    low, high = edit("m1", at=(1, "a")), edit("m1", at=(1, "b"))
    assert plan([low, high]).edits == plan([high, low]).edits == (high,)


def test_an_edit_that_will_be_refused_does_not_shadow_the_author_s() -> None:
    author, other = edit("m1", at=(1, "a")), edit("m1", at=(2, "b"), client_id="b")
    assert plan([author, other]).edits == (author, other)


def test_a_repeated_delete_is_one() -> None:
    assert plan([delete("m1", "d1"), delete("m1", "d2")]).deletes == (delete("m1", "d1"),)


def test_deletes_of_different_messages_are_all_planned() -> None:
    both = [delete("m1", "d1"), delete("m2", "d2")]
    assert plan(both).deletes == tuple(both)


def test_a_delete_that_will_be_refused_does_not_shadow_the_author_s() -> None:
    both = [delete("m1", "d1", client_id="b"), delete("m1", "d2")]
    assert plan(both).deletes == tuple(both)


def test_the_messages_touched_come_in_one_order_for_all() -> None:
    planned = plan([delete("m3"), edit("m2", at=(1, "a")), write("m1"), edit("m1", at=(1, "b"))])
    assert planned.message_ids == ["m1", "m2", "m3"]
