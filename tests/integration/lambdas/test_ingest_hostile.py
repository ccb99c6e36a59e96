"""Whatever arrives: ingest never fails but for a retry, writes what a model says and nothing else.

`make test-slow` delivers ten thousand sequences each way.
"""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names a class so

from lambdas.common.errors import EditBeforeMessageError
from lambdas.ingest.handler import make_handler
from lambdas.ingest.reject_queue import TRUNCATED_CHARACTERS
from tests.fixtures.aws import Aws, LambdaContext
from tests.fixtures.hostile_events import any_text, events
from tests.fixtures.samples import examples
from tests.integration.lambdas.chat_model import Chat, sorted_out
from tests.integration.lambdas.conftest import Invoke

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ROWS = """
    SELECT username, msg_id, msg_data, client_id, created_at_timestamp, is_edited
    FROM chat_data ORDER BY incremental_record_id
"""
MANY = settings(
    max_examples=examples(400),
    deadline=None,
    # One function takes all events, as a warm one does.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

# Some of them delivered again.
sequences = st.lists(events, min_size=1, max_size=3).flatmap(
    lambda made: st.lists(st.sampled_from(made), max_size=2).map(lambda again: [*made, *again])
)


class Table:
    """The chat tables as they are, beside the model of them, both empty."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self.chat = Chat()
        cursor.execute("DELETE FROM chat_data; DELETE FROM chat_deleted")

    def check(self) -> None:
        """The tables hold what the model holds."""
        self._cursor.execute(ROWS)
        assert self._cursor.fetchall() == self.chat.table()
        self._cursor.execute("SELECT msg_id FROM chat_deleted")
        assert {str(msg_id) for (msg_id,) in self._cursor.fetchall()} == self.chat.deleted


@pytest.fixture
def cursor(chat_url: str) -> Iterator[Cursor]:
    connection = psycopg2.connect(chat_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.fixture
def queue_ingest(ingest_environment: dict[str, str], lambda_context: LambdaContext) -> Invoke:
    """A warm ingest function with a queue before it."""
    handler = make_handler({**ingest_environment, "INGEST_SOURCE": "sqs"})
    return lambda event: handler(event, lambda_context)  # type: ignore[arg-type]  # the part of AWS's class that is used


class Rejects:
    """The reject queue."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs = sqs
        self._url = url

    def check(self, originals: list[Any]) -> None:
        """It holds these and nothing else; it is empty afterwards."""
        found = [
            reject.get("originalTruncated") or _shown(reject["original"]) for reject in self._take()
        ]
        assert Counter(found) == Counter(map(_shown, originals))

    def _take(self) -> list[dict[str, Any]]:
        taken: list[dict[str, Any]] = []
        while True:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
            if not (messages := answer.get("Messages")):
                return taken
            taken += [json.loads(message["Body"]) for message in messages]
            handles = [message["ReceiptHandle"] for message in messages]
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": handle} for n, handle in enumerate(handles)
                ],
            )


def _shown(original: Any) -> str:
    return json.dumps(original, separators=(",", ":"))[:TRUNCATED_CHARACTERS]


@pytest.fixture
def reject_queue(aws: Aws, reject_queue_url: str) -> Rejects:
    return Rejects(aws.sqs, reject_queue_url)


@MANY
@given(sequences)
def test_events_of_the_rule_become_rows_rejects_or_retries(
    ingest: Invoke, cursor: Cursor, reject_queue: Rejects, sequence: list[Any]
) -> None:
    table = Table(cursor)
    rejected: list[Any] = []
    for event in sequence:
        wishes, rejects = sorted_out(event)
        if table.chat.misses(wishes):
            with pytest.raises(EditBeforeMessageError):
                ingest(copy.deepcopy(event))
        else:
            answer = ingest(copy.deepcopy(event))
            assert answer == {"messages": len(wishes) + len(rejects), "rejected": len(rejects)}
            table.chat.take(wishes)
            rejected += rejects
        table.check()
    reject_queue.check(rejected)


@MANY
@given(st.lists(events.map(json.dumps) | any_text, min_size=1, max_size=4))
def test_batches_of_the_queue_become_rows_rejects_or_retries(
    queue_ingest: Invoke, cursor: Cursor, reject_queue: Rejects, bodies: list[str]
) -> None:
    table = Table(cursor)
    sorted_bodies = [sorted_out(_parsed(body)) for body in bodies]
    wishes = [wish for each, _ in sorted_bodies for wish in each]
    missed = table.chat.misses(wishes)
    answer = queue_ingest(
        {"Records": [{"messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]}
    )
    assert answer["batchItemFailures"] == [
        {"itemIdentifier": f"m{number}"}
        for number, (each, _) in enumerate(sorted_bodies)
        if any(wish.target in missed for wish in each if wish.name != "chatMsg")
    ]
    table.chat.take(wishes)
    table.check()
    reject_queue.check([reject for _, rejects in sorted_bodies for reject in rejects])


def _parsed(body: str) -> Any:
    """The event in a body; a text that is none is rejected as it is."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
