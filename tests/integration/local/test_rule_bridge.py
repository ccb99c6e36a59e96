"""The bridge that replaces a rule for the real Ably, tested against the local one."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from ably import AblyException, AblyRealtime

from local.services.rule_bridge import RuleBridge
from tests.fixtures.ably import LocalAbly


class Events:
    """Collects the events of a function, which can refuse some."""

    def __init__(self) -> None:
        self.seen: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.refuse_next = False

    def invoke(self, event: dict[str, Any]) -> None:
        if self.refuse_next:
            self.refuse_next = False
            raise RuntimeError("not now")
        self.seen.put_nowait(event)

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.seen.get(), 10)


def realtime(ably: LocalAbly, key: str) -> AblyRealtime:
    return AblyRealtime(key, endpoint=f"localhost:{ably.port}", tls=False)


@pytest.fixture
async def events(local_ably: LocalAbly) -> AsyncIterator[Events]:
    """The events that a running bridge passes on."""
    seen = Events()
    bridge = RuleBridge(
        realtime(local_ably, local_ably.api_key), app_id=local_ably.app_id, invoke=seen.invoke
    )
    await bridge.start()
    yield seen
    await bridge.stop()


@pytest.fixture
async def publisher(local_ably: LocalAbly) -> AsyncIterator[AblyRealtime]:
    client = AblyRealtime(
        local_ably.api_key, client_id="ann", endpoint=f"localhost:{local_ably.port}", tls=False
    )
    yield client
    await client.close()


async def test_a_message_becomes_the_event_that_the_rule_would_make(
    local_ably: LocalAbly, events: Events, publisher: AblyRealtime
) -> None:
    data = {"username": "ann", "content": "hällo"}
    await publisher.channels.get("outgoing-chat").publish("chatMsg", data)
    event = await events.next()
    assert event["source"] == "channel.message"
    assert event["appId"] == local_ably.app_id
    assert event["channel"] == "outgoing-chat"
    assert {"site", "ruleId"} <= event.keys()
    (message,) = event["messages"]
    (published,) = local_ably.published("outgoing-chat")
    for name in ("id", "name", "timestamp", "clientId", "connectionId"):
        assert message[name] == published[name]
    assert message["encoding"] == "json"
    assert json.loads(message["data"]) == data
    json.dumps(event)


@pytest.mark.parametrize(
    ("data", "wire", "encoding"),
    [("plain", "plain", None), (b"\x00\xff", "AP8=", "base64"), ([1], "[1]", "json")],
)
async def test_data_is_encoded_as_on_the_wire(
    events: Events, publisher: AblyRealtime, data: Any, wire: str, encoding: str | None
) -> None:
    await publisher.channels.get("outgoing-chat").publish("chatMsg", data)
    (message,) = (await events.next())["messages"]
    assert (message["data"], message.get("encoding")) == (wire, encoding)


async def test_a_refused_event_does_not_end_the_bridge(
    events: Events, publisher: AblyRealtime, caplog: pytest.LogCaptureFixture
) -> None:
    channel = publisher.channels.get("outgoing-chat")
    events.refuse_next = True
    await channel.publish("chatMsg", "first")
    await channel.publish("chatMsg", "second")
    (message,) = (await events.next())["messages"]
    assert message["data"] == "second"
    assert "lost, invocation failed" in caplog.text


async def test_messages_of_other_channels_are_not_passed_on(
    events: Events, publisher: AblyRealtime
) -> None:
    await publisher.channels.get("incoming-chat").publish("INSERT", "elsewhere")
    await publisher.channels.get("outgoing-chat").publish("chatMsg", "here")
    (message,) = (await events.next())["messages"]
    assert message["data"] == "here"


async def test_the_bridge_goes_on_after_the_connection_was_lost(
    local_ably: LocalAbly, events: Events, publisher: AblyRealtime
) -> None:
    local_ably.cut_connections()
    await publisher.channels.get("outgoing-chat").publish("chatMsg", "afterwards")
    (message,) = (await events.next())["messages"]
    assert message["data"] == "afterwards"


async def test_a_key_that_ably_refuses_is_an_error_on_start(local_ably: LocalAbly) -> None:
    wrong = local_ably.api_key.partition(":")[0] + ":wrong"
    bridge = RuleBridge(realtime(local_ably, wrong), app_id="any", invoke=Events().invoke)
    try:
        with pytest.raises(AblyException):
            await asyncio.wait_for(bridge.start(), 15)
    finally:
        await bridge.stop()
