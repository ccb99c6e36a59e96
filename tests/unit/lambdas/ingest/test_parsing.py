"""Events of the Ably rule: every shape ends as a command or as a reject with its reason."""

import base64
import json
from typing import Any

import pytest

from lambdas.ingest.commands import Delete, Edit, Reason, Write
from lambdas.ingest.parsing import parse_event
from lambdas.ingest.settings import Limits
from lambdas.ingest.validation import MAX_ID_BYTES, MAX_TIMESTAMP_MS
from tests.fixtures.ably_events import delete, edit, envelope, message, write

LIMITS = Limits(content_bytes=20, username_bytes=10)
DATA = {"username": "Ann", "content": "hello"}
EXPECTED = Write(
    message_id="c:0:0", client_id="clientId-a", timestamp_ms=5, username="Ann", content="hello"
)


def chat(**fields: Any) -> dict[str, Any]:
    return message("chatMsg", DATA, **{"id": "c:0:0", "timestamp": 5, **fields})


def without(made: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in made.items() if key not in keys}


def reason_of(made: object) -> Reason:
    batch = parse_event(envelope(made), LIMITS)
    assert batch.commands == ()
    [reject] = batch.rejects
    assert reject.original == made
    assert reject.detail  # what the operator who finds it reads
    return reject.reason


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"encoding": "json/utf-8"},
        {"encoding": None},
        {"encoding": ""},
        {"data": DATA},
        {"data": DATA, "encoding": None},
        {"data": base64.b64encode(json.dumps(DATA).encode()).decode(), "encoding": "base64"},
        {
            "data": base64.b64encode(json.dumps(DATA).encode()).decode(),
            "encoding": "json/utf-8/base64",
        },
    ],
)
def test_data_is_read_in_each_form_that_a_rule_gives_it(fields: dict[str, Any]) -> None:
    assert parse_event(envelope(chat(**fields)), LIMITS).commands == (EXPECTED,)


@pytest.mark.parametrize("made", [write(), edit("c:0:0"), delete("c:0:0")])
def test_every_kind_of_message_may_come_as_base64(made: dict[str, Any]) -> None:
    encoded = base64.b64encode(made["data"].encode()).decode()
    as_base64 = made | {"data": encoded, "encoding": "json/utf-8/base64"}
    assert parse_event(envelope(as_base64), LIMITS) == parse_event(envelope(made), LIMITS)
    assert parse_event(envelope(as_base64), LIMITS).rejects == ()


@pytest.mark.parametrize("action", [None, 0, "create", "message.create", "message.created"])
def test_a_message_that_says_it_is_new_is_written(action: object) -> None:
    assert parse_event(envelope(chat(action=action)), LIMITS).commands == (EXPECTED,)


@pytest.mark.parametrize("made", [without(chat(), "clientId"), chat(clientId="")])
def test_a_message_without_a_client_is_written_and_nobody_s(made: dict[str, Any]) -> None:
    [command] = parse_event(envelope(made), LIMITS).commands
    assert isinstance(command, Write)
    assert command.client_id is None


@pytest.mark.parametrize("timestamp", [0, MAX_TIMESTAMP_MS])
def test_a_time_may_be_any_that_javascript_can_hold(timestamp: int) -> None:
    [command] = parse_event(envelope(chat(timestamp=timestamp)), LIMITS).commands
    assert command.timestamp_ms == timestamp


def test_what_ably_adds_is_let_be() -> None:
    extended = chat(serial="01@x:000", version={"serial": "01@x:000"}, extras={"headers": {}})
    assert parse_event(envelope(extended), LIMITS).commands == (EXPECTED,)


def test_an_edit_needs_no_name_of_its_author() -> None:
    made = message("editedMsg", {"content": "new", "msgIdToEdit": "c:0:0"}, id="c:1:0", timestamp=6)
    assert parse_event(envelope(made), LIMITS).commands == (
        Edit(
            message_id="c:1:0",
            client_id="clientId-a",
            timestamp_ms=6,
            target_id="c:0:0",
            content="new",
        ),
    )


def test_a_delete_names_its_message() -> None:
    assert parse_event(envelope(delete("c:0:0", id="c:1:0", timestamp=6)), LIMITS).commands == (
        Delete(message_id="c:1:0", client_id="clientId-a", timestamp_ms=6, target_id="c:0:0"),
    )


def test_what_is_wrong_holds_up_nothing_and_the_order_stays() -> None:
    first, wrong, second = write("1"), message("newMsg", {}), write("2")
    batch = parse_event(envelope(first, wrong, second), LIMITS)
    assert [command.message_id for command in batch.commands] == [first["id"], second["id"]]
    [reject] = batch.rejects
    assert reject.reason is Reason.UNKNOWN_NAME
    assert reject.envelope["ruleId"] == "1-a2Bc"
    assert "messages" not in reject.envelope
    assert batch.message_count == 3


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, Reason.MALFORMED_EVENT),
        ("text", Reason.MALFORMED_EVENT),
        ([], Reason.MALFORMED_EVENT),
        ({}, Reason.MALFORMED_EVENT),
        (DATA, Reason.MALFORMED_EVENT),  # a rule that is not enveloped
        ({"items": [{"webhookId": "x", "source": "channel.message"}]}, Reason.MALFORMED_EVENT),
        ({**envelope(), "messages": None}, Reason.MALFORMED_EVENT),
        ({**envelope(), "messages": {}}, Reason.MALFORMED_EVENT),
        (envelope(), Reason.MALFORMED_EVENT),
        ({**envelope(chat()), "source": "channel.presence"}, Reason.WRONG_SOURCE),
        ({**envelope(chat()), "source": ["channel.message"]}, Reason.WRONG_SOURCE),
    ],
)
def test_an_event_that_is_none_is_rejected_whole(event: object, reason: Reason) -> None:
    batch = parse_event(event, LIMITS)
    assert batch.commands == ()
    [reject] = batch.rejects
    assert (reject.reason, reject.original) == (reason, event)
    assert reject.detail


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("text", Reason.MALFORMED_MESSAGE),
        (None, Reason.MALFORMED_MESSAGE),
        ([chat()], Reason.MALFORMED_MESSAGE),
        (without(chat(), "id"), Reason.MISSING_ID),
        (chat(id=""), Reason.MISSING_ID),
        (chat(id=7), Reason.INVALID_TEXT),
        (chat(id="i" * (MAX_ID_BYTES + 1)), Reason.TOO_LONG),
        (without(chat(), "timestamp"), Reason.INVALID_TIMESTAMP),
        (chat(timestamp="5"), Reason.INVALID_TIMESTAMP),
        (chat(timestamp=True), Reason.INVALID_TIMESTAMP),
        (chat(timestamp=-1), Reason.INVALID_TIMESTAMP),
        (chat(timestamp=1.5), Reason.INVALID_TIMESTAMP),
        (chat(timestamp=float("inf")), Reason.INVALID_TIMESTAMP),
        (chat(timestamp=2**53), Reason.INVALID_TIMESTAMP),
        (chat(action=1), Reason.UNSUPPORTED_ACTION),
        (chat(action="message.update"), Reason.UNSUPPORTED_ACTION),
        (chat(action=[]), Reason.UNSUPPORTED_ACTION),
        (without(chat(), "name"), Reason.UNKNOWN_NAME),
        (chat(name="chatmsg"), Reason.UNKNOWN_NAME),
        (chat(name=["chatMsg"]), Reason.UNKNOWN_NAME),
        (chat(encoding="json/cipher+aes-256-cbc/base64"), Reason.UNKNOWN_ENCODING),
        (chat(encoding=7), Reason.UNKNOWN_ENCODING),
        (chat(data="_", encoding="base64"), Reason.INVALID_BASE64),
        (chat(data="é", encoding="base64"), Reason.INVALID_BASE64),
        (chat(data=base64.b64encode(b"\xff").decode(), encoding="base64"), Reason.INVALID_JSON),
        (
            chat(
                data=base64.b64encode(json.dumps(DATA).encode("utf-16")).decode(), encoding="base64"
            ),
            Reason.INVALID_JSON,
        ),
        (chat(data="hello", encoding=None), Reason.INVALID_JSON),
        (chat(data=""), Reason.INVALID_JSON),
        (chat(data="[" * 100_000), Reason.INVALID_JSON),
        (chat(data="9" * 5_000), Reason.INVALID_JSON),
        (without(chat(), "data"), Reason.INVALID_DATA),
        (chat(data=7), Reason.INVALID_DATA),
        (chat(data=["a"]), Reason.INVALID_DATA),
        (chat(data="[]"), Reason.INVALID_DATA),
        (chat(data='"twice"'), Reason.INVALID_DATA),
        (chat(data={"content": "x"}), Reason.MISSING_FIELD),
        (chat(data={"username": "x"}), Reason.MISSING_FIELD),
        (chat(data={**DATA, "content": None}), Reason.MISSING_FIELD),
        (chat(data={**DATA, "content": 7}), Reason.INVALID_TEXT),
        (chat(data={**DATA, "content": {"text": "x"}}), Reason.INVALID_TEXT),
        (chat(data={**DATA, "content": "a\0b"}), Reason.INVALID_TEXT),
        (chat(data={**DATA, "content": "a\ud800b"}), Reason.INVALID_TEXT),
        (chat(data='{"username": "Ann", "content": "\\udfff"}'), Reason.INVALID_TEXT),
        (chat(data={**DATA, "content": "c" * 21}), Reason.TOO_LONG),
        (chat(data={**DATA, "content": "é" * 11}), Reason.TOO_LONG),
        (chat(data={**DATA, "username": "u" * 11}), Reason.TOO_LONG),
        (chat(clientId=7), Reason.INVALID_TEXT),
        (chat(clientId="a\0"), Reason.INVALID_TEXT),
        (edit("c:0:0", client_id=None), Reason.MISSING_CLIENT_ID),
        (edit("c:0:0", "c" * 21), Reason.TOO_LONG),
        (edit(""), Reason.MISSING_FIELD),
        (message("editedMsg", DATA), Reason.MISSING_FIELD),
        (message("editedMsg", {**DATA, "msgIdToEdit": 7}), Reason.INVALID_TEXT),
        (delete("c:0:0", client_id=None), Reason.MISSING_CLIENT_ID),
        (message("deletedMsg", {}), Reason.MISSING_FIELD),
        (message("deletedMsg", {"msgIdToDelete": ["c"]}), Reason.INVALID_TEXT),
    ],
)
def test_what_can_never_be_written_has_its_reason(made: object, reason: Reason) -> None:
    assert reason_of(made) is reason


def test_text_may_be_as_long_as_the_limit_in_bytes() -> None:
    assert parse_event(envelope(chat(data={**DATA, "content": "é" * 10})), LIMITS).commands


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (chat(clientId=7), "clientId"),
        (chat(id=7), "id"),
        (chat(data={**DATA, "username": 7}), "username"),
        (edit("\0"), "msgIdToEdit"),
        (delete("\0"), "msgIdToDelete"),
        (delete("c:0:0", client_id=None), "clientId"),
        (chat(timestamp=None), "timestamp"),
    ],
)
def test_the_detail_names_the_field(made: dict[str, Any], field: str) -> None:
    [reject] = parse_event(envelope(made), LIMITS).rejects
    assert field in reject.detail.split()


def test_the_detail_names_the_field_and_not_its_value() -> None:
    made = chat(data={"username": "Ann", "content": "secret secret secret secret"})
    [reject] = parse_event(envelope(made), LIMITS).rejects
    assert reject.detail == "content has 27 bytes, more than the 20 allowed"
    assert "secret" not in repr(reject)
