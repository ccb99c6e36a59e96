"""Whatever JSON an event is made of, each of its messages ends as a command or as a reject."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.ingest.commands import Delete, Edit, Write
from lambdas.ingest.parsing import parse_event
from lambdas.ingest.plan import plan
from lambdas.ingest.settings import Limits

LIMITS = Limits(content_bytes=50, username_bytes=10)

# Lambda's parser makes lone surrogates and infinities as well.
any_text = st.text(st.characters(categories=None), max_size=60)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)


def near(*valid: object) -> st.SearchStrategy[Any]:
    """Mostly what is valid, sometimes anything."""
    return st.sampled_from(valid) | st.sampled_from(valid) | anything


data = (
    st.fixed_dictionaries(
        {},
        optional={
            "username": near("Ann"),
            "content": near("hello"),
            "msgIdToEdit": near("c:0:0"),
            "msgIdToDelete": near("c:0:0"),
        },
    )
    | anything
)
messages = (
    st.fixed_dictionaries(
        {},
        optional={
            "id": near("c:0:0", "c:1:0"),
            "timestamp": near(5),
            "name": near("chatMsg", "editedMsg", "deletedMsg"),
            "clientId": near("clientId-a"),
            "encoding": near("json", "base64", "json/utf-8/base64", None),
            "action": near(0, None),
            "data": data | data.map(json.dumps),
        },
    )
    | anything
)
events = (
    st.fixed_dictionaries(
        {"source": near("channel.message")},
        optional={"messages": st.lists(messages, max_size=4) | anything, "channel": anything},
    )
    | anything
)


@given(events)
def test_any_event_ends_as_commands_and_rejects(event: Any) -> None:
    batch = parse_event(event, LIMITS)
    count = 1
    if isinstance(event, dict) and event.get("source") == "channel.message":
        made = event.get("messages")
        count = len(made) if isinstance(made, list) and made else 1
    assert batch.message_count == count
    assert all(isinstance(command, Write | Edit | Delete) for command in batch.commands)


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
