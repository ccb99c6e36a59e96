"""The ingest handler on new messages and on what can never be written."""

import json
from typing import Any

import pytest

from lambdas.common.errors import RejectQueueUnavailableError, SettingsError
from lambdas.ingest.handler import make_handler
from tests.fixtures.ably_events import delete, envelope, message, write
from tests.fixtures.aws import Aws, LambdaContext
from tests.integration.lambdas.conftest import Emitted, Invoke, opened, rows

CONTENTS = "SELECT msg_data FROM chat_data ORDER BY incremental_record_id"


def test_a_message_becomes_a_row_with_id_and_time_of_the_envelope(
    ingest: Invoke, chat_url: str
) -> None:
    ingest(envelope(write("hello", id="c:0:0", timestamp=1_700_000_000_123)))
    assert rows(chat_url, "SELECT * FROM chat_data") == [
        ("Ann", "c:0:0", "hello", "clientId-a", 1, 1_700_000_000_123, False, None, None)
    ]


def test_the_messages_of_an_event_become_rows_in_their_order(ingest: Invoke, chat_url: str) -> None:
    contents = [f"{number:03}" for number in range(200)]
    ingest(envelope(*(write(content) for content in contents)))
    assert [content for (content,) in rows(chat_url, CONTENTS)] == contents


def test_text_of_any_script_and_of_sql_stays_as_it_is(ingest: Invoke, chat_url: str) -> None:
    contents = ["grüße 🎉 \u202e", "'); DROP TABLE chat_data; --", '{a,NULL,"b"}', "NULL", "\\", ""]
    ingest(envelope(*(write(content) for content in contents)))
    assert [content for (content,) in rows(chat_url, CONTENTS)] == contents


def test_a_message_delivered_again_changes_nothing(
    ingest: Invoke, chat_url: str, emitted: Emitted
) -> None:
    event = envelope(write("once"), write("twice"))
    ingest(event)
    before = rows(chat_url, "SELECT *, xmin FROM chat_data ORDER BY 5")
    emitted.metrics()
    ingest(event)
    assert rows(chat_url, "SELECT *, xmin FROM chat_data ORDER BY 5") == before
    metrics = emitted.metrics()
    assert metrics["MessagesRepeated"] == 2
    assert "MessagesIngested" not in metrics


def test_a_message_delivered_again_with_another_content_changes_nothing(
    ingest: Invoke, chat_url: str
) -> None:
    ingest(envelope(write("first", id="c:0:0")))
    ingest(envelope(write("forged", id="c:0:0", client_id="clientId-b")))
    assert rows(chat_url, CONTENTS) == [("first",)]


def test_what_can_never_be_written_goes_to_the_reject_queue_and_holds_up_nothing(
    ingest: Invoke, chat_url: str, aws: Aws, reject_queue_url: str, emitted: Emitted
) -> None:
    wrong = write("x" * 16_385)
    answer = ingest(envelope(write("1"), wrong, message("odd", {}), message("odd", []), write("2")))
    assert answer == {"messages": 5, "rejected": 3}
    assert rows(chat_url, CONTENTS) == [("1",), ("2",)]
    rejects = aws.receive_all(reject_queue_url)
    assert [reject["reason"] for reject in rejects] == ["too_long", "unknown_name", "unknown_name"]
    assert rejects[0] == {
        "reason": "too_long",
        "detail": "content has 16385 bytes, more than the 16384 allowed",
        "envelope": {key: value for key, value in envelope().items() if key != "messages"},
        "original": wrong,
    }
    metrics = emitted.metrics()
    assert metrics["MessagesReceived"] == 5
    assert metrics["MessagesIngested"] == 2
    assert metrics["MessagesRejected"] == 3
    assert metrics["MessagesRejected too_long"] == 1
    assert metrics["MessagesRejected unknown_name"] == 2


def test_metrics_carry_service_and_stage(ingest: Invoke, emitted: Emitted) -> None:
    ingest(envelope(message("odd", {})))
    lines = emitted.lines()
    assert [line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for line in lines] == [
        [["service", "stage", "reason"]],
        [["stage", "service"]],
    ]
    assert {(line["service"], line["stage"]) for line in lines} == {("service_undefined", "test")}


@pytest.mark.parametrize("event", [None, [], "text", {"username": "Ann", "content": "hello"}])
def test_an_event_that_is_none_goes_to_the_reject_queue_whole(
    ingest: Invoke, aws: Aws, reject_queue_url: str, event: object
) -> None:
    ingest(event)
    [reject] = aws.receive_all(reject_queue_url)
    assert reject["reason"] == "malformed_event"
    assert reject["original"] == event


@pytest.mark.parametrize("size", [0, 120_000], ids=["ten at most", "1 MiB at most"])
def test_many_rejects_are_sent_in_requests_that_sqs_takes(
    ingest: Invoke, aws: Aws, reject_queue_url: str, size: int
) -> None:
    ingest(envelope(*(message("odd", {"n": n, "pad": "x" * size}) for n in range(25))))
    rejects = aws.receive_all(reject_queue_url)
    assert sorted(json.loads(reject["original"]["data"])["n"] for reject in rejects) == [*range(25)]


@pytest.mark.parametrize("character", ["x", '"', "\\", "\ud800", "é", "\0"])
def test_a_reject_too_large_for_sqs_is_cut_and_says_so(
    ingest: Invoke, aws: Aws, reject_queue_url: str, character: str
) -> None:
    made = message("odd", None, data=character * 300_000)
    ingest(envelope(made))
    [reject] = aws.receive_all(reject_queue_url)
    assert reject["reason"] == "unknown_name"
    assert "original" not in reject
    whole = json.dumps(made, separators=(",", ":"))
    assert reject["originalBytes"] == len(whole)
    assert whole.startswith(reject["originalTruncated"])
    assert len(reject["originalTruncated"]) == 64_000


def test_an_event_nested_too_deeply_to_be_shown_is_rejected_all_the_same(
    ingest: Invoke, aws: Aws, reject_queue_url: str
) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    ingest(envelope(deep, write("fine")))
    [reject] = aws.receive_all(reject_queue_url)
    assert reject["original"] == "nested too deeply to be shown"


def test_a_queue_that_does_not_answer_raises_and_the_next_delivery_mends_it(
    ingest: Invoke, chat_url: str, aws: Aws, reject_queue_url: str
) -> None:
    event = envelope(write("1"), message("odd", {}))
    aws.sqs.delete_queue(QueueUrl=reject_queue_url)
    expected = r"unable to send 1 reject\(s\); QueueDoesNotExist"
    with pytest.raises(RejectQueueUnavailableError, match=expected):
        ingest(event)
    assert rows(chat_url, CONTENTS) == [("1",)]
    aws.create_queue("rejects")
    ingest(event)
    assert rows(chat_url, CONTENTS) == [("1",)]
    assert len(aws.receive_all(reject_queue_url)) == 1


def test_rejects_are_not_sent_before_the_rest_is_committed(
    ingest: Invoke, chat_url: str, aws: Aws, reject_queue_url: str
) -> None:
    with opened(chat_url) as cursor:
        cursor.execute("ALTER TABLE chat_data ADD CONSTRAINT no CHECK (msg_data <> 'no')")
    with pytest.raises(Exception, match="23514"):
        ingest(envelope(message("odd", {}), write("no")))
    assert aws.receive_all(reject_queue_url) == []


def test_nothing_of_a_message_is_ever_logged(
    ingest: Invoke, emitted: Emitted, caplog: pytest.LogCaptureFixture
) -> None:
    private = "private-text"
    ingest(
        envelope(
            write(private, id="c:0:0"),
            message("odd", {private: private}, name=private),
            message("chatMsg", {"username": private * 100, "content": private}),
            delete("c:0:0", client_id="clientId-b"),
        )
    )
    assert caplog.records
    assert private not in emitted.text()
    assert all(private not in str(vars(record)) for record in caplog.records)


def test_wrong_settings_stop_the_function_with_every_problem(lambda_context: LambdaContext) -> None:
    handler = make_handler({"STAGE": "test", "DB_PORT": "x"})
    with pytest.raises(SettingsError, match=r"DB_SECRET_ARN.*DB_PORT.*REJECT_QUEUE"):
        handler(envelope(write()), lambda_context)  # type: ignore[arg-type]  # the part of AWS's class that is used
