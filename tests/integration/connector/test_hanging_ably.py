"""An Ably that accepts a connection and never says a word."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from connector_task.ably.publisher import AblyPublisher
from connector_task.config.ably import AblySettings
from connector_task.errors import ErrorCode, PublishRequestError
from connector_task.relay.ports import Batch, BatchId, Message
from tests.integration.connector.conftest import Site, Start


class SilentServer:
    """Accepts, and keeps quiet."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._accepted: list[socket.socket] = []
        self.reached = threading.Event()
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._accepted.append(connection)
            self.reached.set()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._accepted:
            connection.close()


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    server = SilentServer()
    yield server
    server.close()


async def test_a_request_that_hangs_is_cut_by_our_own_deadline(silent: SilentServer) -> None:
    settings = AblySettings(api_key="a.b:c", endpoint="localhost", port=silent.port, tls=False)
    publisher = AblyPublisher(settings, request_seconds=0.2)
    message = Message(outbox_id=1, name="INSERT", data="x", size_bytes=7)
    batch = Batch(id=BatchId("x"), channel="a", attempts=0, messages=(message,))
    async with asyncio.timeout(3):  # the SDK's own timeouts are longer
        with pytest.raises(PublishRequestError) as caught:
            await publisher.publish([batch])
    assert caught.value.error.code is ErrorCode.ABLY_TIMEOUT
    await publisher.close()


def test_stopping_does_not_wait_for_a_hanging_request_beyond_the_deadline(
    site: Site, start: Start, silent: SilentServer
) -> None:
    connector = start(ABLY_PORT=str(silent.port), CONNECTOR_SHUTDOWN_SECONDS="1")
    connector.until("leading")
    site.sql("INSERT INTO users VALUES (1)")
    assert silent.reached.wait(10)
    assert connector.stop() == 1
    assert "was not finished within 1 seconds" in connector.until("unable to go on")["error"]
    start().until("leading")
    site.until_published(1)
    assert site.ids() == [1]
