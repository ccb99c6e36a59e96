"""The ingest handler, invoked with real events, against real Postgres and SQS."""

from typing import Any

from tests.fixtures.ably_events import delete, edit, envelope, write
from tests.integration.lambdas.conftest import Invoke, rows

CONTENTS = "SELECT msg_id, msg_data FROM chat_data ORDER BY incremental_record_id"


def test_a_message_becomes_a_row_with_ids_and_time_of_the_envelope(
    ingest: Invoke, chat_url: str
) -> None:
    ingest(envelope(write("hello", id="c:0:0", timestamp=1_700_000_000_123)))
    assert rows(chat_url, "SELECT * FROM chat_data") == [
        ("Ann", "c:0:0", "hello", "clientId-a", 1, 1_700_000_000_123, False, None, None)
    ]
