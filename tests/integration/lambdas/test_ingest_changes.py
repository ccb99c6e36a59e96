"""Edits and deletes: who may, which wins, and what arrives late, twice or too early."""

import itertools
from typing import Any

import pytest

from lambdas.common.errors import EditBeforeMessageError
from tests.fixtures.ably_events import delete, edit, envelope, message, write
from tests.fixtures.aws import Aws
from tests.integration.lambdas.conftest import Emitted, Invoke, rows

ROW = "SELECT msg_data, is_edited, edited_at_timestamp, edit_id FROM chat_data"
ALL = "SELECT *, xmin FROM chat_data"


@pytest.fixture
def written(ingest: Invoke) -> dict[str, Any]:
    """A message of clientId-a that is in the table."""
    made = write("original", id="c:0:0", timestamp=100)
    ingest(envelope(made))
    return made


def test_the_author_edits(ingest: Invoke, chat_url: str, written: dict[str, Any]) -> None:
    ingest(envelope(edit(written["id"], "new", id="e:1", timestamp=200)))
    assert rows(chat_url, "SELECT * FROM chat_data") == [
        ("Ann", "c:0:0", "new", "clientId-a", 1, 100, True, 200, "e:1")
    ]


def test_another_s_edit_is_refused_and_counted(
    ingest: Invoke, chat_url: str, written: dict[str, Any], emitted: Emitted
) -> None:
    before = rows(chat_url, ALL)
    emitted.metrics()
    ingest(envelope(edit(written["id"], client_id="clientId-b")))
    assert rows(chat_url, ALL) == before
    assert emitted.metrics() == {"MessagesReceived": 1, "EditsRefused": 1}


def test_a_refusal_is_logged_and_no_reject(
    ingest: Invoke,
    aws: Aws,
    reject_queue_url: str,
    written: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    ingest(envelope(edit(written["id"], id="e:1", client_id="clientId-b")))
    [record] = [record for record in caplog.records if vars(record).get("action") == "refuse"]
    assert (vars(record)["message_id"], vars(record)["target_id"]) == ("e:1", "c:0:0")
    assert aws.receive_all(reject_queue_url) == []


def test_another_s_delete_is_refused_and_counted(
    ingest: Invoke, chat_url: str, written: dict[str, Any], emitted: Emitted
) -> None:
    ingest(envelope(delete(written["id"], client_id="clientId-b")))
    assert rows(chat_url, ROW) == [("original", False, None, None)]
    assert rows(chat_url, "SELECT * FROM chat_deleted") == []
    assert emitted.metrics()["DeletesRefused"] == 1


def test_a_message_of_nobody_is_edited_and_deleted_by_nobody(
    ingest: Invoke, chat_url: str, emitted: Emitted
) -> None:
    ingest(envelope(write("anonymous", id="c:9:0", client_id=None)))
    emitted.metrics()
    ingest(envelope(edit("c:9:0"), delete("c:9:0")))
    assert rows(chat_url, ROW) == [("anonymous", False, None, None)]
    metrics = emitted.metrics()
    assert (metrics["EditsRefused"], metrics["DeletesRefused"]) == (1, 1)


def test_a_refused_edit_does_not_shadow_the_author_s_in_the_same_event(
    ingest: Invoke, chat_url: str, written: dict[str, Any], emitted: Emitted
) -> None:
    emitted.metrics()
    # The same id on both, as a client that sets its own ids could do.
    mine = edit(written["id"], "mine", id="e:1", timestamp=200)
    theirs = edit(written["id"], "theirs", id="e:1", timestamp=300, client_id="clientId-b")
    ingest(envelope(theirs, mine))
    assert rows(chat_url, ROW) == [("mine", True, 200, "e:1")]
    metrics = emitted.metrics()
    assert (metrics["EditsApplied"], metrics["EditsRefused"]) == (1, 1)


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
@pytest.mark.parametrize("merge", [True, False])
def test_the_latest_edit_wins_in_whatever_order_they_arrive(
    ingest: Invoke,
    chat_url: str,
    written: dict[str, Any],
    order: tuple[int, ...],
    merge: bool,  # noqa: FBT001  # a parameter of the table
) -> None:
    edits = [
        edit(written["id"], "early", id="e:9", timestamp=200),
        edit(written["id"], "late", id="e:1", timestamp=300),
        edit(written["id"], "late, greater id", id="e:B", timestamp=300),
    ]
    arriving = [edits[index] for index in order]
    for event in [arriving] if merge else [[edited] for edited in arriving]:
        ingest(envelope(*event))
    assert rows(chat_url, ROW) == [("late, greater id", True, 300, "e:B")]


def test_ids_are_compared_by_bytes_as_the_page_does(
    ingest: Invoke, chat_url: str, written: dict[str, Any]
) -> None:
    # Most collations of a language put `b` before `C`.
    ingest(envelope(edit(written["id"], "b", id="e:b", timestamp=300)))
    ingest(envelope(edit(written["id"], "C", id="e:C", timestamp=300)))
    assert rows(chat_url, ROW) == [("b", True, 300, "e:b")]


def test_an_edit_delivered_again_changes_nothing(
    ingest: Invoke, chat_url: str, written: dict[str, Any], emitted: Emitted
) -> None:
    event = envelope(edit(written["id"]))
    ingest(event)
    before = rows(chat_url, ALL)
    emitted.metrics()
    ingest(event)
    assert rows(chat_url, ALL) == before
    assert emitted.metrics()["EditsSuperseded"] == 1


def test_a_message_delivered_again_after_its_edit_leaves_the_edit(
    ingest: Invoke, chat_url: str, written: dict[str, Any]
) -> None:
    ingest(envelope(edit(written["id"], "new")))
    before = rows(chat_url, ALL)
    ingest(envelope(written))
    assert rows(chat_url, ALL) == before


def test_the_author_deletes_and_nothing_brings_the_message_back(
    ingest: Invoke, chat_url: str, written: dict[str, Any], emitted: Emitted
) -> None:
    late_edit = edit(written["id"], timestamp=2_000_000_000_000)
    deletion = delete(written["id"], id="d:1", timestamp=300)
    ingest(envelope(deletion))
    assert rows(chat_url, ROW) == []
    tombstone = [("c:0:0", "clientId-a", 300, "d:1")]
    assert rows(chat_url, "SELECT * FROM chat_deleted") == tombstone
    emitted.metrics()
    ingest(envelope(written))
    ingest(envelope(late_edit))
    ingest(envelope(deletion, written, late_edit))
    assert rows(chat_url, ROW) == []
    assert rows(chat_url, "SELECT * FROM chat_deleted") == tombstone
    assert emitted.metrics() == {
        "MessagesReceived": 5,
        "MessagesRepeated": 2,
        "EditsSuperseded": 2,
        "DeletesSuperseded": 1,
    }


@pytest.mark.parametrize("change", [edit, delete])
def test_a_change_before_its_message_raises_and_the_retry_finds_it(
    ingest: Invoke, chat_url: str, change: Any
) -> None:
    event = envelope(change("c:0:0", timestamp=200))
    with pytest.raises(EditBeforeMessageError, match="unable to apply 1 edit"):
        ingest(event)
    ingest(envelope(write("original", id="c:0:0", timestamp=100)))
    ingest(event)
    expected = [("edited",)] if change is edit else []
    assert rows(chat_url, "SELECT msg_data FROM chat_data") == expected


def test_an_event_with_a_change_before_its_message_leaves_nothing_half_done(
    ingest: Invoke, chat_url: str, aws: Aws, reject_queue_url: str, emitted: Emitted
) -> None:
    event = envelope(write("1"), message("odd", {}), edit("c:0:0"), delete("c:1:0"), write("2"))
    with pytest.raises(EditBeforeMessageError, match="unable to apply 2 edit"):
        ingest(event)
    assert rows(chat_url, ROW) == []
    assert aws.receive_all(reject_queue_url) == []
    assert emitted.metrics() == {"MessagesReceived": 5, "EditsBeforeMessage": 2}


def test_a_message_its_edit_and_its_delete_may_come_in_one_event(
    ingest: Invoke, chat_url: str
) -> None:
    ingest(
        envelope(
            edit("c:0:0", "new", timestamp=200),
            write("kept", id="c:0:0", timestamp=100),
            delete("c:1:0", timestamp=300),
            write("gone", id="c:1:0", timestamp=100),
        )
    )
    assert rows(chat_url, "SELECT msg_id, msg_data FROM chat_data") == [("c:0:0", "new")]
    assert rows(chat_url, "SELECT msg_id FROM chat_deleted") == [("c:1:0",)]
