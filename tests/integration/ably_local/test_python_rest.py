import asyncio

import pytest
from ably import AblyException, AblyRest
from ably.types.message import Message

from tests.fixtures.ably import LocalAbly
from tests.integration.ably_local.conftest import OpenRest


async def test_messages_come_back_as_they_were_published(open_rest: OpenRest) -> None:
    channel = open_rest().channels.get("a b/c:d+é")
    await channel.publish("text", "é")
    await channel.publish("object", {"a": [1, None]})
    await channel.publish("bytes", b"\xff\x00")
    await channel.publish(Message(name="extras", data="x", extras={"headers": {"k": "v"}}))
    items = (await channel.history(direction="forwards")).items
    assert [item.data for item in items] == ["é", {"a": [1, None]}, b"\xff\x00", "x"]
    assert items[3].extras == {"headers": {"k": "v"}}
    assert all(item.id and item.timestamp and item.serial for item in items)


async def test_history_is_paged_through_to_its_end(open_rest: OpenRest) -> None:
    channel = open_rest().channels.get("chat")
    await channel.publish([Message(data=str(number)) for number in range(7)])
    page = await channel.history(limit=3)
    pages = []
    while page is not None:
        pages.append([item.data for item in page.items])
        page = await page.next()
    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]


async def test_messages_with_the_same_ids_are_published_once(
    open_rest: OpenRest, local_ably: LocalAbly
) -> None:
    channel = open_rest().channels.get("chat")
    batch = [Message(id="b:0", data="x"), Message(id="b:1", data="y")]
    first = await channel.publish(batch)
    second = await channel.publish(batch)
    assert first.serials == second.serials
    assert [message["data"] for message in local_ably.published("chat")] == ["x", "y"]


@pytest.mark.parametrize("version", ["2", "3"])
async def test_a_batch_goes_to_many_channels(
    open_rest: OpenRest, local_ably: LocalAbly, version: str
) -> None:
    specs = [
        {"channels": ["a"], "messages": [{"id": "1:0", "data": "x"}, {"id": "1:1", "data": "y"}]},
        {"channels": ["b"], "messages": {"id": "2:0", "data": "z"}},
    ]
    client = open_rest()
    for _ in range(2):
        response = await client.request("POST", "/messages", version, body=specs)
        assert response.status_code == 201
        assert len(response.items) == 2
    assert [message["id"] for message in local_ably.published("a")] == ["1:0", "1:1"]
    assert [message["id"] for message in local_ably.published("b")] == ["2:0"]


async def test_time_is_that_of_the_server(open_rest: OpenRest) -> None:
    assert await open_rest().time() > 1_700_000_000_000


async def test_a_token_request_signed_elsewhere_gets_a_valid_token(
    open_rest: OpenRest, local_ably: LocalAbly
) -> None:
    signer = AblyRest(key=local_ably.api_key)

    async def callback(_params: object) -> object:
        return await signer.auth.create_token_request(
            {"client_id": "alice", "capability": {"chat": ["publish", "history"]}}
        )

    client = open_rest(auth_callback=callback)
    await client.channels.get("chat").publish("n", "x")
    (item,) = (await client.channels.get("chat").history()).items
    assert item.client_id == "alice"
    with pytest.raises(AblyException) as denied:
        await client.channels.get("other").publish("n", "x")
    assert (denied.value.code, denied.value.status_code) == (40160, 401)
    await signer.close()


async def test_an_expired_token_is_renewed_transparently(
    open_rest: OpenRest, local_ably: LocalAbly
) -> None:
    signer = AblyRest(key=local_ably.api_key)
    calls = []

    async def callback(_params: object) -> object:
        calls.append(1)
        return await signer.auth.create_token_request({"ttl": 300 if len(calls) == 1 else 60_000})

    client = open_rest(auth_callback=callback)
    details = await client.auth.authorize()
    async with asyncio.timeout(5):
        while await client.time() < details.expires:
            pass
    await client.channels.get("chat").publish("n", "x")
    assert len(calls) == 2
    await signer.close()


@pytest.mark.parametrize(
    ("change", "code", "status"), [("wrong", 40101, 401), ("unknown app", 40400, 404)]
)
async def test_a_wrong_key_is_refused(
    open_rest: OpenRest, local_ably: LocalAbly, change: str, code: int, status: int
) -> None:
    key = local_ably.api_key + "x" if change == "wrong" else "nobody.key:secret"
    with pytest.raises(AblyException) as refused:
        await open_rest(key=key).channels.get("chat").publish("n", "x")
    assert (refused.value.code, refused.value.status_code) == (code, status)


async def test_an_oversize_message_is_refused(open_rest: OpenRest) -> None:
    with pytest.raises(AblyException) as refused:
        await open_rest().channels.get("chat").publish("n", "x" * 65_536)
    assert (refused.value.code, refused.value.status_code) == (40009, 413)


async def test_a_body_too_large_to_read_is_refused_like_any_other(open_rest: OpenRest) -> None:
    client = open_rest()
    body = {"channels": "a", "messages": [{"data": "x" * 1000}] * 2200}
    response = await client.request("POST", "/messages", "3", body=body)
    assert (response.status_code, response.error_code) == (413, "40009")


async def test_too_many_publishes_a_second_are_refused(open_rest: OpenRest) -> None:
    client = open_rest()
    publish = {"method": "POST", "path": "/channels/chat/messages", "version": "5"}
    answers = await asyncio.gather(
        *(client.request(**publish, body={"data": "x"}) for _ in range(150))
    )
    refused = [answer for answer in answers if not answer.success]
    assert refused
    assert {(each.status_code, each.error_code) for each in refused} == {(429, "42913")}


async def test_published_messages_survive_an_outage(
    open_rest: OpenRest, local_ably: LocalAbly
) -> None:
    channel = open_rest().channels.get("chat")
    await channel.publish(Message(id="once", data="x"))
    port = local_ably.port
    local_ably.stop()
    local_ably.start()
    assert local_ably.port == port
    again = open_rest().channels.get("chat")
    await again.publish(Message(id="once", data="x"))
    assert len((await again.history()).items) == 1
