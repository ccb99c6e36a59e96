"""What Postgres and Ably's SDK could do at most, with nothing of the connector between them."""

import asyncio
import select
import threading
import time

import psycopg2
from ably import AblyRest

from benchmarks.bench_site import Site, Stub

PAYLOAD = '{"table":"bench","type":"INSERT","row":{"id":10000,"writer":null,"value":"' + "x" * 50
PAYLOAD += '"}}'
NOTIFY = f"SELECT pg_notify('raw', repeat('x', {len(PAYLOAD)}) || :client_id || random());\n"
ARRAY_MESSAGES = 600  # of such messages as fit in an array of 64 KiB with their names and ids
ARRAYS_IN_FLIGHT = 4


def notifications_per_second(site: Site, transactions: int, clients: int) -> float:
    """A bare LISTEN loop that throws everything away; every transaction notifies, and no more."""
    listener = psycopg2.connect(site.url)
    listener.autocommit = True
    listener.cursor().execute("LISTEN raw")
    arguments = ("-c", str(clients), "-j", "1", "-t", str(transactions // clients))
    feeder = threading.Thread(target=site.pgbench, args=arguments, kwargs={"script": NOTIFY})
    feeder.start()
    arrivals: list[float] = []
    while len(arrivals) < transactions:
        select.select([listener], [], [])
        listener.poll()
        arrivals += [time.monotonic()] * len(listener.notifies)
        listener.notifies.clear()
    feeder.join()
    listener.close()
    return transactions / (arrivals[-1] - arrivals[0])


def messages_per_second(ably: Stub, messages: int) -> float:
    """Arrays of such messages, four requests at a time, through the SDK."""
    ably.ask("reset")
    return asyncio.run(_publish(ably, messages))


async def _publish(ably: Stub, messages: int) -> float:
    rest = AblyRest(
        "app.key:secret", endpoint="localhost", port=ably.port, tls=False, use_token_auth=True
    )
    await rest.auth.authorize()
    arrays = iter(range(messages // ARRAY_MESSAGES))

    async def work() -> None:
        for number in arrays:
            messages = [
                {"id": f"{number}:{place}", "name": "INSERT", "data": PAYLOAD}
                for place in range(ARRAY_MESSAGES)
            ]
            body = [{"channels": ["raw"], "messages": messages}]
            response = await rest.request("POST", "/messages", version="3", body=body)
            if not response.success:
                raise RuntimeError(f"the stub refused: {response.items}")

    begun = time.monotonic()
    await asyncio.gather(*(work() for _ in range(ARRAYS_IN_FLIGHT)))
    took = time.monotonic() - begun
    await rest.close()
    return messages // ARRAY_MESSAGES * ARRAY_MESSAGES / took
