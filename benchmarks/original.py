"""The original connector's scheme, for comparison: the row in pg_notify, one request for each.

    python -m benchmarks.original URL ABLY_PORT CHANNEL [--sdk]

A row trigger notifies with the whole row, in the writer's transaction. The publisher listens and
sends each notification at once as a request of its own, at most 40 at a time: no queue that
outlives it, no order between requests, no second attempt. With --sdk it publishes through Ably's
SDK, as the original and the connector do; without, through bare sockets, which is the least that
the scheme could cost.
"""

import argparse
import asyncio
import json
from collections import deque

import psycopg2
from ably import AblyRest

CONNECTIONS = 40
SCHEMA = """
CREATE OR REPLACE FUNCTION original_notify() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed record;
BEGIN
    IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;
    PERFORM pg_notify('original_update', json_build_object(
        'table', TG_TABLE_NAME, 'type', TG_OP, 'row', row_to_json(changed)
    )::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER original_notify AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION original_notify();
"""
UNINSTALL = "DROP FUNCTION IF EXISTS original_notify() CASCADE"


class Line(asyncio.Protocol):
    """A connection to Ably: takes the next payload as soon as it has its answer."""

    def __init__(self, publisher: "Publisher") -> None:
        self._publisher = publisher
        self._transport: asyncio.Transport | None = None
        self.is_free = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to work."""
        self._transport = transport  # type: ignore[assignment]  # TCP's is a full transport
        self.take_next()

    def data_received(self, data: bytes) -> None:
        """An answer; whatever it says, the change is not sent again. It fits in one segment."""
        del data
        self.take_next()

    def take_next(self) -> None:
        """Send the next payload, or wait for one."""
        waiting = self._publisher.waiting
        self.is_free = not waiting
        if waiting and self._transport is not None:
            self._transport.write(self._publisher.request(waiting.popleft()))


class Publisher:
    """Listens and sends."""

    def __init__(self, url: str, port: int, channel: str) -> None:
        self._connection = psycopg2.connect(url)
        self._connection.autocommit = True
        self._port = port
        self._channel = channel
        self._head = (
            f"POST /channels/{channel}/messages HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: "
        )
        self._lines: list[Line] = []
        self.waiting: deque[str] = deque()
        self.arrived = asyncio.Event()

    def request(self, payload: str) -> bytes:
        """The request that publishes a payload."""
        body = json.dumps({"name": "change", "data": payload}).encode()
        return f"{self._head}{len(body)}\r\n\r\n".encode() + body

    async def run(self, *, with_sdk: bool) -> None:
        """Publish until killed."""
        loop = asyncio.get_running_loop()
        if with_sdk:
            await self._begin_with_sdk()
        else:
            await self._begin_with_sockets()
        self._connection.cursor().execute("LISTEN original_update")
        loop.add_reader(self._connection.fileno(), self._read)
        print("listening", flush=True)
        await asyncio.Event().wait()

    async def _begin_with_sdk(self) -> None:
        rest = AblyRest(
            "app.key:secret", endpoint="localhost", port=self._port, tls=False, use_token_auth=True
        )
        await rest.auth.authorize()
        channel = rest.channels.get(self._channel)

        async def work() -> None:
            while True:
                while not self.waiting:
                    self.arrived.clear()
                    await self.arrived.wait()
                await channel.publish("change", self.waiting.popleft())

        self._workers = [asyncio.create_task(work()) for _ in range(CONNECTIONS)]

    async def _begin_with_sockets(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, line = await loop.create_connection(lambda: Line(self), "127.0.0.1", self._port)
            self._lines.append(line)

    def _read(self) -> None:
        self._connection.poll()
        notifies = self._connection.notifies
        self.waiting.extend(notice.payload for notice in notifies)
        notifies.clear()
        self.arrived.set()
        for line in self._lines:
            if not self.waiting:
                return
            if line.is_free:
                line.take_next()


def install(url: str, table: str) -> None:
    """Create the trigger."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(SCHEMA.format(table=table))


def uninstall(url: str) -> None:
    """Drop it."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(UNINSTALL)


def main() -> None:
    """Parse the command line and publish."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="of the database, with the trigger in place")
    parser.add_argument("port", type=int, help="of Ably on 127.0.0.1")
    parser.add_argument("channel")
    parser.add_argument("--sdk", action="store_true", help="publish through Ably's SDK")
    options = parser.parse_args()
    publisher = Publisher(options.url, options.port, options.channel)
    asyncio.run(publisher.run(with_sdk=options.sdk))


if __name__ == "__main__":
    main()
