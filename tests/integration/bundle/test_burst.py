"""A burst of events through the asset: as many processes as may run, every message a row, once."""

import asyncio
import json

import aiohttp
import pytest

from tests.fixtures.ably_events import envelope, write
from tests.fixtures.signing import sign
from tests.fixtures.waiting import first_found
from tests.integration.bundle.conftest import CONCURRENCY, Chat

EVENTS = 1_000
# Ably repeats what it has not heard of in time.
REPEATED = 100
WRITTEN = "SELECT count(*), count(DISTINCT msg_id), count(DISTINCT msg_data) FROM chat_data"
LOGGED_IN = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'ably-postgres-lambda'
"""


@pytest.mark.timeout(240)
async def test_a_burst_is_written_whole_and_each_message_once(chat: Chat) -> None:
    events = [envelope(write(f"number {n}", id=f"burst:{n}:0")) for n in range(EVENTS)]
    service = chat.services["ingest"]
    url = f"{service.endpoint_url}/2015-03-31/functions/ingest/invocations"
    as_event = {"X-Amz-Invocation-Type": "Event"}
    async with aiohttp.ClientSession() as session:

        async def send(event: object) -> int:
            body = json.dumps(event).encode()
            headers = sign(
                *("POST", url, chat.credentials), service="lambda", headers=as_event, body=body
            )
            async with session.post(url, data=body, headers=headers) as answer:
                return answer.status

        statuses = await asyncio.gather(*(send(event) for event in [*events[:REPEATED], *events]))
    assert set(statuses) == {202}

    async def all_written() -> bool | None:
        return await asyncio.to_thread(chat.rows, WRITTEN) == [(EVENTS,) * 3] or None

    await first_found(all_written, seconds=120)
    [(connections,)] = chat.rows(LOGGED_IN)
    assert 1 < connections <= CONCURRENCY
