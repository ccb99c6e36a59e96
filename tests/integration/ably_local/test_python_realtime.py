import asyncio
from typing import Any

import pytest
from ably import AblyException, AblyRest
from ably.types.channeloptions import ChannelOptions
from ably.types.presence import PresenceAction

from tests.fixtures.ably import LocalAbly
from tests.integration.ably_local.conftest import OpenRealtime

DEADLINE_SECONDS = 10


class Inbox:
    """The messages that a subscription received, in order."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    def put(self, item: Any) -> None:
        self._queue.put_nowait(item)

    async def get(self) -> Any:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self._queue.get()


async def test_publish_is_acknowledged_and_received(open_realtime: OpenRealtime) -> None:
    reader, sender = open_realtime(), open_realtime(client_id="alice")
    inbox = Inbox()
    await reader.channels.get("chat").subscribe(inbox.put)
    result = await sender.channels.get("chat").publish("n", {"a": "é"})
    await sender.channels.get("chat").publish("bytes", b"\xff\x00")
    first, second = await inbox.get(), await inbox.get()
    assert (first.name, first.data, first.client_id) == ("n", {"a": "é"}, "alice")
    assert first.id.startswith(sender.connection.connection_manager.connection_id)
    assert result.serials == [first.serial]
    assert second.data == b"\xff\x00"


async def test_the_connection_answers_pings(open_realtime: OpenRealtime) -> None:
    client = open_realtime()
    await client.connection.once_async("connected")
    assert await client.connection.ping() >= 0


async def test_members_see_each_other_come_and_go(open_realtime: OpenRealtime) -> None:
    watcher, member = open_realtime(client_id="bob"), open_realtime(client_id="alice")
    inbox = Inbox()
    await watcher.channels.get("chat").presence.subscribe(inbox.put)
    presence = member.channels.get("chat").presence
    await presence.enter({"n": 1})
    entered = await inbox.get()
    assert (entered.action, entered.client_id, entered.data) == (
        PresenceAction.ENTER,
        "alice",
        {"n": 1},
    )
    late = open_realtime(client_id="carol").channels.get("chat").presence
    assert [item.client_id for item in await late.get()] == ["alice"]
    await presence.update("new")
    assert (await inbox.get()).data == "new"
    await presence.leave()
    assert (await inbox.get()).action == PresenceAction.LEAVE


async def test_rewind_delivers_earlier_messages(open_realtime: OpenRealtime) -> None:
    sender = open_realtime().channels.get("chat")
    for data in ("a", "b", "c"):
        await sender.publish("n", data)
    inbox = Inbox()
    reader = open_realtime().channels.get("chat", ChannelOptions(params={"rewind": "2"}))
    await reader.subscribe(inbox.put)
    assert [(await inbox.get()).data, (await inbox.get()).data] == ["b", "c"]


async def test_a_disconnected_client_resumes_and_misses_nothing(
    open_realtime: OpenRealtime, local_ably: LocalAbly
) -> None:
    reader, sender = open_realtime(), open_realtime(client_id="alice")
    inbox, channel = Inbox(), reader.channels.get("chat")
    await channel.subscribe(inbox.put)
    await sender.channels.get("chat").publish("n", "0")
    connection_id = reader.connection.connection_manager.connection_id
    local_ably.cut_connections()
    for number in range(1, 4):
        await sender.channels.get("chat").publish("n", str(number))
    assert [(await inbox.get()).data for _ in range(4)] == ["0", "1", "2", "3"]
    assert reader.connection.connection_manager.connection_id == connection_id
    assert [message["data"] for message in local_ably.published("chat")] == ["0", "1", "2", "3"]


async def test_a_token_is_renewed_on_the_live_connection(
    open_realtime: OpenRealtime, local_ably: LocalAbly
) -> None:
    signer = AblyRest(key=local_ably.api_key)
    calls = Inbox()

    async def callback(_params: object) -> object:
        calls.put(None)
        return await signer.auth.create_token_request({"ttl": 31_000})

    # Its REST client, which exchanges the request, needs the port apart from the endpoint.
    exchange = AblyRest(
        auth_callback=callback, endpoint="localhost", port=local_ably.port, tls=False
    )

    async def exchanged(_params: object) -> object:
        return await exchange.auth.request_token()

    client = open_realtime(auth_callback=exchanged)
    await client.connection.once_async("connected")
    connection_id = client.connection.connection_manager.connection_id
    await client.connection.once_async("update")
    await calls.get()
    await calls.get()
    assert client.connection.connection_manager.connection_id == connection_id
    await client.channels.get("chat").publish("n", "still here")
    await signer.close()
    await exchange.close()


async def test_a_wrong_key_fails_the_connection(
    open_realtime: OpenRealtime, local_ably: LocalAbly
) -> None:
    client = open_realtime(key=local_ably.api_key + "x")
    change = await client.connection.once_async("failed")
    assert (change.reason.code, change.reason.status_code) == (40101, 401)


async def test_a_denied_channel_fails(open_realtime: OpenRealtime, local_ably: LocalAbly) -> None:
    signer = AblyRest(key=local_ably.api_key, endpoint="localhost", port=local_ably.port, tls=False)
    details = await signer.auth.request_token({"capability": {"mine": ["subscribe"]}})
    client = open_realtime(token=details.token)
    with pytest.raises(AblyException) as denied:
        await client.channels.get("other").attach()
    assert (denied.value.code, denied.value.status_code) == (40160, 401)
    with pytest.raises(AblyException) as nacked:
        await client.channels.get("mine").publish("n", "x")
    assert nacked.value.code == 40160
    await signer.close()
