"""Several ingest functions at once on the same messages, each with a connection of its own."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest

from lambdas.common.errors import EditBeforeMessageError
from lambdas.ingest import repository
from lambdas.ingest.parsing import parse_event
from lambdas.ingest.plan import plan
from lambdas.ingest.settings import Limits
from tests.fixtures.ably_events import delete, edit, envelope, write
from tests.integration.lambdas.conftest import Invoke, opened, rows, wait_until_blocked

FUNCTIONS = 4


@pytest.fixture
def functions(new_ingest: Callable[[], Invoke]) -> list[Invoke]:
    return [new_ingest() for _ in range(FUNCTIONS)]


def at_once(functions: list[Invoke], events: list[list[Any]]) -> None:
    """Each function takes its own list of events, all functions beginning together."""
    start = threading.Barrier(len(functions))

    def take(invoke: Invoke, mine: list[Any]) -> None:
        start.wait(timeout=10)
        for event in mine:
            invoke(event)

    with ThreadPoolExecutor(len(functions)) as pool:
        for done in [pool.submit(take, *pair) for pair in zip(functions, events, strict=True)]:
            done.result(timeout=60)


def test_one_event_delivered_to_all_at_once_is_written_once(
    functions: list[Invoke], chat_url: str
) -> None:
    events = [envelope(*(write(f"{n}", id=f"{n}:{m}") for m in range(3))) for n in range(50)]
    at_once(functions, [events] * FUNCTIONS)
    assert rows(chat_url, "SELECT count(*), count(DISTINCT msg_id) FROM chat_data") == [(150, 150)]


def test_edits_at_once_end_with_the_latest(functions: list[Invoke], chat_url: str) -> None:
    functions[0](envelope(*(write(id=f"m:{n}") for n in range(5))))
    edits = [edit(f"m:{t % 5}", f"{t}", timestamp=t, id=f"e:{t}") for t in range(200)]
    shuffled = [random.Random(seed).sample(edits, len(edits)) for seed in range(FUNCTIONS)]  # noqa: S311  # an order, no secret
    at_once(functions, [[envelope(message) for message in mine] for mine in shuffled])
    latest = [(f"m:{n}", f"{195 + n}", 195 + n) for n in range(5)]
    found = "SELECT msg_id, msg_data, edited_at_timestamp FROM chat_data ORDER BY msg_id"
    assert rows(chat_url, found) == latest


def test_events_that_touch_the_same_messages_in_opposite_order_do_not_deadlock(
    functions: list[Invoke], chat_url: str
) -> None:
    ids = [f"m:{n}" for n in range(10)]
    functions[0](envelope(*(write(id=message_id) for message_id in ids)))
    forwards = [envelope(*(edit(target, timestamp=t) for target in ids)) for t in range(50)]
    backwards = [envelope(*(edit(target, timestamp=t) for target in ids[::-1])) for t in range(50)]
    at_once(functions, [forwards, backwards, forwards, backwards])
    assert rows(chat_url, "SELECT DISTINCT edited_at_timestamp FROM chat_data") == [(49,)]


def test_deletes_among_repeated_deliveries_stay_deleted(
    functions: list[Invoke], chat_url: str
) -> None:
    written = [write(id=f"m:{n}") for n in range(100)]
    functions[0](envelope(*written))
    repeats = [envelope(made) for made in written]
    deletes = [envelope(delete(made["id"])) for made in written]
    edits = [envelope(edit(made["id"])) for made in written]
    at_once(functions, [repeats, deletes, edits, repeats])
    assert rows(chat_url, "SELECT msg_id FROM chat_data") == []
    assert rows(chat_url, "SELECT count(*) FROM chat_deleted") == [(100,)]


def test_a_repeat_that_waits_for_a_delete_does_not_bring_the_message_back(
    functions: list[Invoke], chat_url: str
) -> None:
    # The delete is held open just before its commit; the repeat has to wait for it, and then sees
    # the tombstone, which was not there when it began.
    written = write(id="m:0")
    functions[0](envelope(written))
    deletion = plan(parse_event(envelope(delete("m:0")), Limits()).commands)
    with ThreadPoolExecutor(1) as pool:
        with opened(chat_url) as deleting:
            repository.apply(deleting, deletion)
            repeat = pool.submit(functions[1], envelope(written))
            wait_until_blocked(chat_url, by=deleting.connection)
        repeat.result(timeout=10)
    assert rows(chat_url, "SELECT msg_id FROM chat_data") == []


def test_an_edit_that_overtakes_its_message_by_a_commit_is_retried_and_applied(
    functions: list[Invoke], chat_url: str
) -> None:
    message = plan(parse_event(envelope(write(id="m:0")), Limits()).commands)
    edited = envelope(edit("m:0", "new"))
    with ThreadPoolExecutor(1) as pool:
        with opened(chat_url) as writing:
            repository.apply(writing, message)
            blocked = pool.submit(functions[0], edited)
            wait_until_blocked(chat_url, by=writing.connection)
        blocked.result(timeout=10)
    assert rows(chat_url, "SELECT msg_data FROM chat_data") == [("new",)]


def test_a_message_that_was_rolled_back_is_as_if_it_had_never_come(
    functions: list[Invoke], chat_url: str
) -> None:
    message = plan(parse_event(envelope(write(id="m:0")), Limits()).commands)
    writing = psycopg2.connect(chat_url)
    with ThreadPoolExecutor(1) as pool:
        try:
            repository.apply(writing.cursor(), message)
            blocked = pool.submit(functions[0], envelope(edit("m:0")))
            wait_until_blocked(chat_url, by=writing)
        finally:
            writing.close()
        with pytest.raises(EditBeforeMessageError):
            blocked.result(timeout=10)
