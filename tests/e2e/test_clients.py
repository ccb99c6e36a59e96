"""The round trip through all parts, with Ably's own SDKs as clients and no browser."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import pytest

from tests.e2e.clients import ChatClient, JavaScriptClient, PythonClient
from tests.fixtures.waiting import first_found

Connect = Callable[[], Awaitable[ChatClient]]


@pytest.fixture(params=[PythonClient, JavaScriptClient], ids=["ably-python", "ably-js"])
async def connect(
    request: pytest.FixtureRequest, local_run: dict[str, Any]
) -> AsyncIterator[Connect]:
    """Connect clients of one SDK to the session's local run."""
    clients: list[ChatClient] = []

    async def make() -> ChatClient:
        client: ChatClient = request.param(local_run)
        await client.connect()
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()


def unique(text: str) -> str:
    """Make a text unique, because the run is shared with other tests."""
    return f"{text} {secrets.token_hex(4)}"


async def test_a_message_comes_back_to_everyone_as_the_row_in_the_database(
    connect: Connect,
) -> None:
    author, reader = await connect(), await connect()
    content = unique("hello, wörld")
    row = await author.say(content, username="ann")
    received = await reader.wait_for("INSERT", content)
    assert received == {"table": "chat_data", "type": "INSERT", "row": row}
    assert row["username"] == "ann"
    assert row["client_id"] == author.client_id
    assert row["created_at_timestamp"] > 1_700_000_000_000
    assert not row["is_edited"]
    assert list(row)[:7] == [
        "username",
        "msg_id",
        "msg_data",
        "client_id",
        "incremental_record_id",
        "created_at_timestamp",
        "is_edited",
    ]


async def test_the_author_edits_and_deletes(connect: Connect) -> None:
    author, reader = await connect(), await connect()
    row = await author.say(unique("first"))
    edited = unique("second")
    await author.edit(row["msg_id"], edited)
    change = await reader.wait_for("UPDATE", edited)
    assert change["row"]["msg_id"] == row["msg_id"]
    assert change["row"]["is_edited"]
    await author.delete(row["msg_id"])
    gone = await reader.wait_for_deletion(row["msg_id"])
    assert gone == {"table": "chat_data", "type": "DELETE", "row": {"msg_id": row["msg_id"]}}


async def test_no_client_edits_or_deletes_the_message_of_another(
    connect: Connect, local_run: dict[str, Any]
) -> None:
    author, other = await connect(), await connect()
    content = unique("mine")
    row = await author.say(content)
    await other.edit(row["msg_id"], unique("yours"))
    await other.delete(row["msg_id"])
    log = Path(local_run["logs"]) / "ingest.log"
    await first_found(lambda: refusals(log, row["msg_id"], count=2), seconds=15)
    last = unique("still mine")
    await author.edit(row["msg_id"], last)
    await author.wait_for("UPDATE", last)
    of_row = [c["type"] for c in author.changes if c["row"]["msg_id"] == row["msg_id"]]
    assert of_row == ["INSERT", "UPDATE"]


async def test_history_pages_back_through_earlier_messages(
    connect: Connect, local_run: dict[str, Any]
) -> None:
    author = await connect()
    contents = [unique(f"number {n}") for n in range(5)]
    for content in contents:
        await author.say(content)
    async with aiohttp.ClientSession() as session:
        newest = await get_json(session, local_run["messages_url"], limit=3)
        before = newest["nextBefore"]
        older = await get_json(session, local_run["messages_url"], limit=2, before=before)
    rows = [*newest["messages"], *older["messages"]]
    assert [row["msg_data"] for row in rows] == contents[::-1]


async def test_a_client_that_enters_is_online_to_others_until_it_leaves(connect: Connect) -> None:
    watcher, guest = await connect(), await connect()
    name = unique("guest")
    await watcher.enter(unique("watcher"))
    await guest.enter(name)
    await watcher.wait_until_online(name)
    await guest.close()
    guest.close = nothing  # type: ignore[method-assign]  # already closed
    await watcher.wait_until_online(name, gone=True)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("chatMsg", {"username": "tester"}, "missing_field"),
        ("chatMsg", "not an object", "invalid_json"),
        ("unheardOf", {"username": "tester", "content": "hi"}, "unknown_name"),
    ],
)
async def test_a_malformed_message_is_in_the_reject_queue_with_its_reason(
    connect: Connect, local_run: dict[str, Any], name: str, data: Any, reason: str
) -> None:
    author = await connect()
    await author.publish(name, data)
    rejected = await first_found(
        lambda: asyncio.to_thread(next_reject, local_run, author.client_id), seconds=15
    )
    assert rejected["reason"] == reason


async def test_each_token_request_makes_a_new_client_unless_it_sends_its_cookie(
    local_run: dict[str, Any],
) -> None:
    async with aiohttp.ClientSession() as other:
        first = await get_json(other, local_run["auth_url"])
    # aiohttp stores no cookies for IP addresses, so the test uses the page's host name.
    async with aiohttp.ClientSession() as browser:
        second = await get_json(browser, local_run["auth_url"])
        third = await get_json(browser, local_run["auth_url"])
    assert first["clientId"] != second["clientId"] == third["clientId"]
    assert second["nonce"] != third["nonce"]


async def nothing() -> None:
    """Do nothing."""


async def refusals(log: Path, msg_id: str, *, count: int) -> bool | None:
    """True once the log has `count` refusals to change a message, else None."""
    lines = (await asyncio.to_thread(log.read_text)).splitlines()
    return sum("refuse" in line and msg_id in line for line in lines) == count or None


async def get_json(session: aiohttp.ClientSession, url: str, **query: int) -> Any:
    async with session.get(url, params=query) as response:
        assert response.status == 200
        return await response.json()


def next_reject(run: dict[str, Any], client_id: str) -> Any:
    """The reject of this client, or None if there is none yet; drops those of others."""
    sqs = boto3.client(
        "sqs",
        endpoint_url=run["sqs_endpoint_url"],
        region_name="eu-west-1",
        aws_access_key_id=run["aws_access_key_id"],
        aws_secret_access_key=run["aws_secret_access_key"],
    )
    answer = sqs.receive_message(QueueUrl=run["reject_queue_url"], MaxNumberOfMessages=10)
    for message in answer.get("Messages", []):
        if client_id in message["Body"]:
            return json.loads(message["Body"])
    return None
