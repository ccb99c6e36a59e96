"""The ingest handler on batches of a queue: one transaction, and only what failed comes again."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.common.errors import DatabaseUnavailableError
from lambdas.ingest.handler import make_handler
from tests.fixtures.ably_events import delete, edit, envelope, write
from tests.fixtures.aws import Aws, LambdaContext
from tests.integration.lambdas.conftest import Emitted, Invoke, opened, rows

CONTENTS = "SELECT msg_data FROM chat_data ORDER BY incremental_record_id"
SAME_STATEMENT = "SELECT count(DISTINCT (xmin::text, cmin::text)) FROM chat_data"
NOTHING_FAILED: dict[str, list[Any]] = {"batchItemFailures": []}


def batch(*bodies: object) -> dict[str, Any]:
    """What Lambda hands over of a queue; the messages' ids are m0, m1 and so on."""
    return {
        "Records": [
            {
                "messageId": f"m{index}",
                "eventSource": "aws:sqs",
                "body": body if isinstance(body, str) else json.dumps(body),
            }
            for index, body in enumerate(bodies)
        ]
    }


def failed(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def ingest(ingest_environment: dict[str, str], lambda_context: LambdaContext) -> Invoke:
    """An ingest function with a queue before it."""
    handler = make_handler({**ingest_environment, "INGEST_SOURCE": "sqs"})
    return lambda event: handler(event, lambda_context)  # type: ignore[arg-type]  # the part of AWS's class that is used


def test_a_batch_becomes_rows_by_one_statement(ingest: Invoke, chat_url: str) -> None:
    contents = [f"{number:03}" for number in range(100)]
    answer = ingest(batch(*(envelope(write(content)) for content in contents)))
    assert answer == NOTHING_FAILED
    assert [content for (content,) in rows(chat_url, CONTENTS)] == contents
    assert rows(chat_url, SAME_STATEMENT) == [(1,)]


def test_a_batch_delivered_again_changes_nothing(
    ingest: Invoke, chat_url: str, emitted: Emitted
) -> None:
    event = batch(envelope(write("a")), envelope(write("b")))
    ingest(event)
    emitted.metrics()
    assert ingest(event) == NOTHING_FAILED
    assert rows(chat_url, CONTENTS) == [("a",), ("b",)]
    counted = emitted.metrics()
    assert (counted["MessagesReceived"], counted["MessagesRepeated"]) == (2, 2)


def test_an_edit_may_come_before_its_message_in_the_same_batch(
    ingest: Invoke, chat_url: str
) -> None:
    answer = ingest(batch(envelope(edit("c:0:0", "later")), envelope(write("x", id="c:0:0"))))
    assert answer == NOTHING_FAILED
    assert rows(chat_url, CONTENTS) == [("later",)]


def test_only_what_came_before_its_message_comes_again(
    ingest: Invoke, chat_url: str, emitted: Emitted
) -> None:
    early = envelope(edit("late:0:0", "edited"))
    answer = ingest(
        batch(envelope(write("a")), early, envelope(delete("never:0:0")), envelope(write("b")))
    )
    assert failed(answer) == ["m1", "m2"]
    assert rows(chat_url, CONTENTS) == [("a",), ("b",)]
    assert emitted.metrics()["EditsBeforeMessage"] == 2
    ingest(batch(envelope(write("c", id="late:0:0"))))
    assert ingest(batch(early)) == NOTHING_FAILED
    assert rows(chat_url, CONTENTS) == [("a",), ("b",), ("edited",)]


def test_what_can_never_be_written_is_rejected_once_and_does_not_come_again(
    ingest: Invoke, chat_url: str, aws: Aws, reject_queue_url: str
) -> None:
    deep = "[" * 100_000
    answer = ingest(batch("no JSON", envelope({"name": "odd"}), deep, envelope(write("a")), "[]"))
    assert answer == NOTHING_FAILED
    assert rows(chat_url, CONTENTS) == [("a",)]
    rejects = aws.receive_all(reject_queue_url)
    assert sorted(reject["reason"] for reject in rejects) == ["malformed_event"] * 3 + [
        "missing_id"
    ]
    assert all(reject["detail"] for reject in rejects)
    assert "no JSON" in [reject.get("original") for reject in rejects]


def test_a_message_that_the_database_refuses_does_not_take_its_batch_along(
    ingest: Invoke, chat_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(chat_url) as cursor:
        cursor.execute("ALTER TABLE chat_data ADD CHECK (msg_data <> 'poison')")
    answer = ingest(batch(envelope(write("a")), envelope(write("poison")), envelope(write("b"))))
    assert failed(answer) == ["m1"]
    assert rows(chat_url, CONTENTS) == [("a",), ("b",)]
    (record,) = [
        record for record in caplog.records if vars(record).get("action") == "write_message"
    ]
    assert vars(record)["error_code"] == "database_refused"


def test_without_the_database_the_whole_batch_comes_again(
    ingest_environment: dict[str, str], lambda_context: LambdaContext, chat_url: str
) -> None:
    handler = make_handler(
        {
            **ingest_environment,
            "INGEST_SOURCE": "sqs",
            "DB_STATEMENT_TIMEOUT_MS": "200",
        }
    )
    event = batch(envelope(write("a")), envelope(write("b")))
    with opened(chat_url) as cursor:
        cursor.execute("LOCK chat_data")
        with pytest.raises(DatabaseUnavailableError):
            handler(event, lambda_context)  # type: ignore[arg-type]  # the part of AWS's class that is used
    assert handler(event, lambda_context) == NOTHING_FAILED  # type: ignore[arg-type]  # the same
    assert rows(chat_url, CONTENTS) == [("a",), ("b",)]


def test_the_rules_own_event_is_taken_too_as_a_redrive_sends_it(
    ingest: Invoke, chat_url: str
) -> None:
    assert ingest(envelope(write("a"))) == {"messages": 1, "rejected": 0}
    assert rows(chat_url, CONTENTS) == [("a",)]


def test_where_no_queue_is_configured_its_form_is_rejected(
    new_ingest: Callable[[], Invoke], chat_url: str
) -> None:
    forged = batch(envelope(write("forged", client_id="clientId-of-another")))
    assert new_ingest()(forged) == {"messages": 1, "rejected": 1}
    assert rows(chat_url, CONTENTS) == []
