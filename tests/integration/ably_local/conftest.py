"""Both SDKs as clients of the local Ably, in both wire formats."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from ably import AblyRealtime, AblyRest

from tests.fixtures.ably import LocalAbly
from tests.integration.ably_local.ably_js import AblyJs

OpenRest = Callable[..., AblyRest]
OpenRealtime = Callable[..., AblyRealtime]
OpenJs = Callable[[], Awaitable[AblyJs]]


@pytest.fixture(params=["json", "msgpack"])
def binary(request: pytest.FixtureRequest) -> bool:
    """Whether the clients of this test use msgpack."""
    return bool(request.param == "msgpack")


@pytest.fixture
async def open_rest(local_ably: LocalAbly, *, binary: bool) -> AsyncIterator[OpenRest]:
    """Create ably-python REST clients; by default with a token of the key."""
    clients: list[AblyRest] = []

    def make(**options: Any) -> AblyRest:
        if not {"token", "auth_callback"} & set(options):
            options = {"key": local_ably.api_key, "use_token_auth": True, **options}
        client = AblyRest(
            endpoint="localhost",
            port=local_ably.port,
            tls=False,
            use_binary_protocol=binary,
            **options,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
async def open_realtime(local_ably: LocalAbly, *, binary: bool) -> AsyncIterator[OpenRealtime]:
    """Create ably-python realtime clients, with the port in the endpoint: `port` is ignored."""
    clients: list[AblyRealtime] = []

    def make(**options: Any) -> AblyRealtime:
        if not {"token", "auth_callback"} & set(options):
            options = {"key": local_ably.api_key, **options}
        client = AblyRealtime(
            endpoint=f"localhost:{local_ably.port}",
            tls=False,
            use_binary_protocol=binary,
            **options,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
async def open_js(local_ably: LocalAbly, *, binary: bool) -> AsyncIterator[OpenJs]:
    """Start Node processes with ably-js, not yet connected."""
    clients: list[AblyJs] = []

    async def make() -> AblyJs:
        client = AblyJs(local_ably, binary=binary)
        await client.start()
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.stop()
