"""What every measurement needs: Postgres with fsync, the stub, either connector, pgbench."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from benchmarks import original
from local.services.embedded_postgres import EmbeddedPostgres
from local.services.postgres_programs import binaries
from local.system.ports import free_port

CHANNEL = "bench"
TABLE = "bench"
DEADLINE_SECONDS = 120.0
CREATE = "CREATE TABLE bench (id bigserial PRIMARY KEY, writer int, value text)"
INSERT = "INSERT INTO bench (writer, value) VALUES (:client_id, repeat('x', 50));\n"
TURN_OFF = {
    "ABLY_PLAN": "unlimited",
    "ABLY_CHANNEL_PUBLISHES_PER_SECOND": "0",
    "ABLY_CHANNEL_BYTES_PER_SECOND": "0",
}
WITH_LIMITS = {"ABLY_PLAN": "unlimited"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One change at Ably: when (CLOCK_MONOTONIC, seconds), which row, and who wrote it."""

    at: float
    row: int
    writer: int


class Stub:
    """The stub in a process of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, what: str) -> Any:
        """Ask it of itself: taken, reset or count."""
        url = f"http://127.0.0.1:{self.port}/stub/{what}"
        with urllib.request.urlopen(url, timeout=60) as answer:  # loopback
            return json.load(answer)

    def until(self, count: int, seconds: float = DEADLINE_SECONDS) -> None:
        """Wait for so many messages.

        Raises:
            TimeoutError: they have not come.
        """
        deadline = time.monotonic() + seconds
        while (here := self.ask("count")["messages"]) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{here} of {count} messages arrived within {seconds:g} s")
            threading.Event().wait(0.05)

    def arrivals(self) -> list[Arrival]:
        """All that came, in order."""
        rows = (
            (at / 1e9, json.loads(data)["row"])
            for at, _, messages in self.ask("taken")
            for data in messages
        )
        return [Arrival(at, row["id"], row["writer"]) for at, row in rows]


@dataclass(kw_only=True)
class Site:
    """A server and a database with the table of the measurements."""

    server: EmbeddedPostgres
    url: str = ""

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """Run one statement, committed at once."""
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def renew(self, name: str = "bench") -> None:
        """An empty database, so that no measurement inherits anything."""
        self.url = self.server.url
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.sql(f"CREATE DATABASE {name}")
        self.url = self.server.database_url(name)
        self.sql(CREATE)
        self.sql("CHECKPOINT")

    def pgbench(self, *arguments: str, script: str = INSERT) -> float:
        """Run pgbench; returns its transactions per second, connecting left out."""
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            done = subprocess.run(
                [str(binaries() / "pgbench"), "-n", "-f", file.name, *arguments, self.url],
                capture_output=True,
                text=True,
                check=True,
            )
        [line] = [line for line in done.stdout.splitlines() if line.startswith("tps")]
        return float(line.split("=")[1].split()[0])


@contextmanager
def site(**options: str) -> Iterator[Site]:
    """A Postgres with fsync on, and 256 MB of shared buffers."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # Postgres runs as another user than root
        settings = {"shared_buffers": "256MB", "max_wal_size": "4GB", **options}
        server = EmbeddedPostgres(data_dir=Path(folder) / "data", options=settings)
        server.start()
        try:
            yield Site(server=server)
        finally:
            server.stop()


@contextmanager
def stub(*arguments: str) -> Iterator[Stub]:
    """A running stub."""
    port = free_port()
    with _process("-m", "benchmarks.stub_ably", "--port", str(port), *arguments):
        deadline = time.monotonic() + 20
        stub = Stub(port)
        while True:
            try:
                stub.ask("count")
            except OSError:
                if time.monotonic() > deadline:
                    raise
                threading.Event().wait(0.05)
            else:
                break
        yield stub


@contextmanager
def the_connector(site: Site, stub_port: int, **more: str) -> Iterator["Process"]:
    """This project's connector, leading."""
    database = psycopg2.extensions.parse_dsn(site.url)
    mappings = [{"tablename": TABLE, "ablychannelname": CHANNEL, "operation": "INSERT"}]
    variables = {
        "DB_HOST": database["host"],
        "DB_PORT": database["port"],
        "DB_USER": database["user"],
        "DB_PASSWORD": database["password"],
        "DB_NAME": database["dbname"],
        "ABLY_API_KEY": "app.key:secret",
        "ABLY_CONNECTOR": json.dumps(mappings),
        "ABLY_ENDPOINT": "localhost",
        "ABLY_PORT": str(stub_port),
        "ABLY_TLS": "false",
        **more,
    }
    with _process("-m", "connector_task", variables=variables) as process:
        process.until('"leading"')
        yield process


@contextmanager
def the_original(site: Site, stub_port: int, *more: str) -> Iterator["Process"]:
    """The original's scheme at work."""
    original.install(site.url, TABLE)
    arguments = ("-m", "benchmarks.original", site.url, str(stub_port), CHANNEL, *more)
    with _process(*arguments) as process:
        process.until("listening")
        yield process
    original.uninstall(site.url)


def percentiles(values: list[float]) -> tuple[float, float]:
    """The 50th and the 99th."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]


def reordered(arrivals: list[Arrival]) -> int:
    """How many came after one that the same writer committed later."""
    latest: dict[int, int] = {}
    count = 0
    for arrival in arrivals:
        count += arrival.row < latest.get(arrival.writer, 0)
        latest[arrival.writer] = max(arrival.row, latest.get(arrival.writer, 0))
    return count


class Process:
    """A process and, in a file, what it says."""

    def __init__(self, folder: str, arguments: tuple[str, ...], variables: dict[str, str]) -> None:
        self._log = Path(folder) / "log"
        with self._log.open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-u", *arguments],
                env={"PATH": os.environ["PATH"], **variables},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def until(self, word: str) -> None:
        """Wait until it says so.

        Raises:
            RuntimeError: it ends, or time passes, without it.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        while word not in (said := self._log.read_text(errors="replace")):
            if self.popen.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"it has not said {word}: {said[-2000:]}")
            threading.Event().wait(0.02)


@contextmanager
def _process(*arguments: str, variables: dict[str, str] | None = None) -> Iterator[Process]:
    with tempfile.TemporaryDirectory() as folder:
        process = Process(folder, arguments, variables or {})
        try:
            yield process
        finally:
            process.popen.kill()
            process.popen.wait()
