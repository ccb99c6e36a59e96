"""Whatever JSON an event is made of, each of its messages ends as a command or as a reject."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.ingest.commands import Delete, Edit, Write
from lambdas.ingest.parsing import parse_event
from lambdas.ingest.plan import plan
from lambdas.ingest.settings import Limits
from tests.fixtures.hostile_events import events, messages

LIMITS = Limits(content_bytes=50, username_bytes=10)


@given(events)
def test_any_event_ends_as_commands_and_rejects(event: Any) -> None:
    batch = parse_event(event, LIMITS)
    count = 1
    if isinstance(event, dict) and event.get("source") == "channel.message":
        made = event.get("messages")
        count = len(made) if isinstance(made, list) and made else 1
    assert batch.message_count == count
    assert all(isinstance(command, Write | Edit | Delete) for command in batch.commands)
    assert all(reject.detail for reject in batch.rejects)


@given(st.lists(messages, max_size=4))
def test_any_command_holds_only_what_postgres_can_store(made: list[Any]) -> None:
    for command in parse_event({"source": "channel.message", "messages": made}, LIMITS).commands:
        for value in vars(command).values():
            if isinstance(value, str):
                assert "\0" not in value
                assert len(value.encode()) <= 1024
            else:
                assert value is None or 0 <= value < 2**53


@given(st.lists(messages, max_size=6))
def test_a_plan_touches_no_row_twice_in_one_statement(made: list[Any]) -> None:
    batch = parse_event({"source": "channel.message", "messages": made}, LIMITS)
    planned = plan(batch.commands)
    for keys in (
        [write.message_id for write in planned.writes],
        [(edit.target_id, edit.client_id) for edit in planned.edits],
        [(delete.target_id, delete.client_id) for delete in planned.deletes],
    ):
        assert len(keys) == len(set(keys))
