"""What a relay relies on in a way to Ably: the SDK and the fake must both hold to it."""

from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from connector_task.ably.publisher import AblyPublisher
from connector_task.config.ably import AblySettings
from connector_task.errors import ErrorCode, PublishRequestError
from connector_task.relay.limits import MESSAGE_BYTES
from connector_task.relay.ports import Batch, BatchId, Message, Publisher
from tests.fakes.publisher import MemoryPublisher
from tests.fixtures.ably import LocalAbly

IDS = ["a27c0000-0000-4000-8000-000000000001", "a27c0000-0000-4000-8000-000000000002"]


class Ably(Protocol):
    """An Ably that can be looked into."""

    @property
    def publisher(self) -> Publisher:
        """The way there."""

    def published(self, channel: str) -> list[str | None]:
        """The data of every message on a channel."""

    def stop(self) -> None:
        """An outage."""


class MemoryAbly:
    def __init__(self) -> None:
        self.publisher = MemoryPublisher()

    def published(self, channel: str) -> list[str | None]:
        return self.publisher.published(channel)

    def stop(self) -> None:
        self.publisher.up = False


class SdkAbly:
    def __init__(self, server: LocalAbly) -> None:
        self._server = server
        settings = AblySettings(
            api_key=server.api_key, endpoint="localhost", port=server.port, tls=False
        )
        self.publisher = AblyPublisher(settings)

    def published(self, channel: str) -> list[str | None]:
        return [message["data"] for message in self._server.published(channel)]

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture(params=["memory", "sdk"])
async def ably(request: pytest.FixtureRequest) -> AsyncIterator[Ably]:
    if request.param == "memory":
        yield MemoryAbly()
    else:
        sdk = SdkAbly(request.getfixturevalue("local_ably"))
        yield sdk
        await sdk.publisher.close()


def batch(batch_id: str, channel: str, *data: str) -> Batch:
    messages = tuple(
        Message(outbox_id=place, name="INSERT", data=text, size_bytes=len(text.encode()) + 6)
        for place, text in enumerate(data)
    )
    return Batch(id=BatchId(batch_id), channel=channel, attempts=0, messages=messages)


async def test_every_channel_gets_its_messages_in_order(ably: Ably) -> None:
    request = [batch(IDS[0], "a", "1", "2", "3"), batch(IDS[1], "b", "4")]
    assert await ably.publisher.publish(request) == [None, None]
    assert (ably.published("a"), ably.published("b")) == (["1", "2", "3"], ["4"])


async def test_the_same_batch_again_is_a_success_and_changes_nothing(ably: Ably) -> None:
    request = [batch(IDS[0], "a", "1", "2")]
    assert await ably.publisher.publish(request) == [None]
    assert await ably.publisher.publish(request) == [None]
    assert ably.published("a") == ["1", "2"]


async def test_a_refused_batch_says_why_and_the_others_are_published(ably: Ably) -> None:
    request = [batch(IDS[0], "a", "x" * MESSAGE_BYTES), batch(IDS[1], "b", "2")]
    refused, accepted = await ably.publisher.publish(request)
    assert refused is not None
    assert (refused.code, refused.status) == (40009, 413)
    assert accepted is None
    assert (ably.published("a"), ably.published("b")) == ([], ["2"])


async def test_a_full_batch_is_accepted(ably: Ably) -> None:
    assert await ably.publisher.publish([batch(IDS[0], "a", "x" * (MESSAGE_BYTES - 6))]) == [None]


async def test_an_outage_fails_the_request_as_a_whole(ably: Ably) -> None:
    ably.stop()
    with pytest.raises(PublishRequestError) as caught:
        await ably.publisher.publish([batch(IDS[0], "a", "1")])
    assert caught.value.error.code is ErrorCode.ABLY_UNREACHABLE
