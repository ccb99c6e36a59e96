"""Where the key must not travel, a token does, and a refused one is replaced."""

import pytest

from connector_task.ably.publisher import AblyPublisher
from connector_task.config.ably import AblySettings
from connector_task.errors import PublishRequestError
from connector_task.relay.ports import Batch, BatchId, Message
from tests.fixtures.ably import LocalAbly


async def test_a_token_that_ably_no_longer_accepts_is_replaced_for_the_next_attempt(
    local_ably: LocalAbly,
) -> None:
    publisher = AblyPublisher(
        AblySettings(
            api_key=local_ably.api_key, endpoint="localhost", port=local_ably.port, tls=False
        )
    )
    message = Message(outbox_id=1, name="INSERT", data="x", size_bytes=7)
    batch = Batch(id=BatchId("base"), channel="a", attempts=0, messages=(message,))
    assert await publisher.publish([batch]) == [None]
    local_ably.stop()
    # The same app and key, but every token of before is unknown.
    other = LocalAbly(port=local_ably.port, api_key=local_ably.api_key)
    other.start()
    try:
        with pytest.raises(PublishRequestError) as caught:
            await publisher.publish([batch])
        assert isinstance(caught.value.error.code, int)
        assert 40140 <= caught.value.error.code < 40150
        assert await publisher.publish([batch]) == [None]
        assert [message["id"] for message in other.published("a")] == ["base:0"]
    finally:
        await publisher.close()
        other.close()
