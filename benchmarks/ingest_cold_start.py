"""How long ingest takes to start and to write, as it runs in AWS but for the machine.

    .venv/bin/python -m benchmarks.ingest_cold_start

The bundled asset under AWS's runtime client, one process at a time, on Postgres over TLS with an
IAM login. A cold start is a new process: `init` until the handler is loaded, `first` the event that
logs in and writes. The reference is the same runtime client with a handler that does nothing.
"""

import argparse
import asyncio
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2

from infra.functions.bundling import Bundler, Target
from local.aws_access import RunCredentials
from local.lambda_service import Function
from local.lambda_service.invocation import Invocation, Outcome
from local.lambda_service.worker import Worker
from local.services.aws import AwsServices
from local.system.ports import free_port
from local.system.processes import ProcessHost
from tests.deploy import rds
from tests.deploy.rds import Rds

NOTHING = "def handler(event, context):\n    return None\n"
CREDENTIALS = RunCredentials.generate()
MASTER = "master"
MASTER_SECRET = "master"  # noqa: S105  # a name
EVENT_DATA = json.dumps({"username": "bench", "content": "x" * 60})


@dataclass
class Times:
    """Milliseconds of one kind of function, and its largest memory in MiB."""

    init: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    memory_mib: float = 0.0


async def timed(work: Awaitable[Outcome | None]) -> tuple[float, Outcome | None]:
    """Milliseconds of some work, and what came of it."""
    begun = time.perf_counter()
    result = await work
    return (time.perf_counter() - begun) * 1000, result


async def measure(
    make: Callable[[], Worker], times: Times, *, warm_events: int, number: int
) -> None:
    """One cold start, and then warm events."""
    worker = make()
    try:
        times.init.append((await timed(worker.start()))[0])
        for count in range(1 + warm_events):
            took, outcome = await timed(worker.invoke(event(f"{number}:{count}")))
            if outcome is None or outcome.failed:
                raise RuntimeError(f"an event failed: {outcome}")
            (times.warm if count else times.first).append(took)
        children = psutil.Process().children()
        rss = max(child.memory_info().rss for child in children if is_runtime(child))
        times.memory_mib = max(times.memory_mib, rss / 2**20)
    finally:
        await worker.stop()


def is_runtime(process: psutil.Process) -> bool:
    """Whether it is a function's process."""
    return "awslambdaric" in process.cmdline()


def event(message_id: str) -> Invocation:
    """One message, as Ably's rule sends it."""
    message = {
        "id": message_id,
        "name": "chatMsg",
        "clientId": "bench",
        "timestamp": 1,
        "data": EVENT_DATA,
    }
    envelope = {
        "source": "channel.message",
        "channel": "outgoing-chat",
        "messages": [{**message, "encoding": "json"}],
    }
    return Invocation(payload=json.dumps(envelope).encode())


async def make_workers(
    folder: Path, server: Rds, stack: AsyncExitStack
) -> dict[str, Callable[[], Worker]]:
    """What starts a process of each kind, on a migrated database."""
    host = ProcessHost(folder=folder, log=lambda _name, _line: None)
    aws = AwsServices(free_port(), host, CREDENTIALS)
    stack.push_async_callback(aws.stop)
    await aws.start()
    await aws.put_secrets({MASTER_SECRET: make_database(server)})
    common = {
        "STAGE": "bench",
        "POWERTOOLS_SERVICE_NAME": "ingest",
        "POWERTOOLS_METRICS_NAMESPACE": "AblyPostgres",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "REJECT_QUEUE_URL": aws.reject_queue_url,
        "DB_SSLMODE": "verify-full",
        "DB_SSLROOTCERT": str(server.authority),
    }
    as_chat = {
        "DB_AUTH": "iam",
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(server.port),
        "DB_NAME": "chat",
        "DB_USER": "ably_chat",
    }

    def bundled(name: str, own: dict[str, str]) -> Callable[[], Worker]:
        asset = folder / name
        Bundler().bundle(name, Target.for_host(), asset)
        return starter(f"lambdas.{name}.handler.handler", asset, {**common, **own})

    (folder / "nothing.py").write_text(NOTHING)
    migrate = bundled("migrate", {"DB_AUTH": "secret", "DB_SECRET_ARN": MASTER_SECRET})
    await run_once(migrate())
    return {
        "nothing": starter("nothing.handler", folder, {}),
        "ingest": bundled("ingest", as_chat),
    }


def starter(handler: str, folder: Path, environment: dict[str, str]) -> Callable[[], Worker]:
    """Makes workers of one function."""
    host = ProcessHost(folder=folder, log=lambda _name, _line: None)
    function = Function(name="bench", handler=handler, environment=environment)
    return lambda: Worker(function, host, CREDENTIALS)


async def run_once(worker: Worker) -> None:
    """Start, invoke and end."""
    try:
        await worker.start()
        outcome = await worker.invoke(Invocation(payload=b"{}"))
        if outcome.failed:
            raise RuntimeError(outcome.payload)
    finally:
        await worker.stop()


def make_database(server: Rds) -> str:
    """Make the database; returns the secret by which migrate gets in."""
    connection = psycopg2.connect(server.superuser_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {MASTER} LOGIN CREATEROLE PASSWORD '{MASTER}'")
        cursor.execute(f"GRANT rds_iam TO {MASTER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
        cursor.execute(f"CREATE DATABASE chat OWNER {MASTER}")
    connection.close()
    return json.dumps(
        {
            "host": "127.0.0.1",
            "port": server.port,
            "dbname": "chat",
            "username": MASTER,
            "password": MASTER,
        }
    )


def shown(values: list[float]) -> str:
    """Median and 99th percentile."""
    return f"{statistics.median(values):.1f} / {statistics.quantiles(values, n=100)[98]:.1f}"


def report(nothing: Times, ingest: Times) -> str:
    """What was measured, as Markdown."""
    whole = [init + first for init, first in zip(ingest.init, ingest.first, strict=True)]
    lines = [
        ("p50 / p99", "empty handler", "ingest"),
        ("---", "---", "---"),
        ("init, ms", shown(nothing.init), shown(ingest.init)),
        ("first event, ms", shown(nothing.first), shown(ingest.first)),
        ("cold start until the row is written, ms", "", shown(whole)),
        ("warm event, ms", shown(nothing.warm), shown(ingest.warm)),
        ("memory, MiB", f"{nothing.memory_mib:.0f}", f"{ingest.memory_mib:.0f}"),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


async def main() -> None:
    """Measure in turns, so that a busy machine is busy for both."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--warm", type=int, default=50, help="events after each start")
    options = parser.parse_args()
    # A worker that is killed leaves its long poll behind, of which asyncio complains.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as name, rds.running(Path(name)) as server:
        async with AsyncExitStack() as stack:
            makers = await make_workers(Path(name), server, stack)
            times = {kind: Times() for kind in makers}
            for number in range(options.starts):
                for kind, make in makers.items():
                    await measure(make, times[kind], warm_events=options.warm, number=number)
    print(report(times["nothing"], times["ingest"]))


if __name__ == "__main__":
    asyncio.run(main())
