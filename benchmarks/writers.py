"""What the capture of changes costs those who make them."""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from benchmarks import original
from benchmarks.bench_site import TABLE, TURN_OFF, Process, Site, Stub, the_connector, the_original
from benchmarks.report import Row, interleaved

CLIENTS = 4
ONE_STATEMENT = "INSERT INTO bench (value) SELECT repeat('x', 50) FROM generate_series(1, {rows})"
STATEMENT_ROWS = 50_000
LOOK_AGAIN_SECONDS = 0.02


class AwakeButIdle(AbstractContextManager[None]):
    """A relay that is stopped in the midst of its work.

    To the writers it is awake, and it takes nothing from the machine or the outbox.
    """

    def __init__(self, site: Site, stub: Stub) -> None:
        self._site = site
        self._connector = the_connector(site, stub.port, **TURN_OFF)
        self._begun = stub

    def __enter__(self) -> None:
        """Keep it busy, then stop it where it stands."""
        process = self._connector.__enter__()
        self._begun.ask("reset")
        writer = threading.Thread(target=self._site.pgbench, args=("-c", "4", "-T", "2"))
        writer.start()
        self._begun.until(500)
        while not self._stopped_awake(process):
            process.popen.send_signal(signal.SIGCONT)
            time.sleep(LOOK_AGAIN_SECONDS)
        writer.join()

    def _stopped_awake(self, process: Process) -> bool:
        """Stop it; whether writers had been told by then that it is awake."""
        if process.popen.poll() is not None:
            raise RuntimeError("the connector ended")
        process.popen.send_signal(signal.SIGSTOP)
        return bool(self._site.sql("SELECT pg_sequence_last_value('ably.awake') & 1 = 1")[0][0])

    def __exit__(self, *_: object) -> None:
        """Kill it."""
        self._connector.__exit__(None, None, None)


def measure(site: Site, stub: Stub, *, rounds: int, seconds: int) -> list[Row]:
    """Single-row inserts of four clients, and one large statement."""

    def rate(around: Callable[[], AbstractContextManager[object]]) -> Callable[[], float]:
        def run() -> float:
            site.renew()
            with around():
                return site.pgbench("-c", str(CLIENTS), "-j", "1", "-T", str(seconds))

        return run

    rates = interleaved(
        rounds,
        nothing=rate(nullcontext),
        original=rate(lambda: the_original(site, stub.port, "--sdk")),
        idle=rate(lambda: AwakeButIdle(site, stub)),
        draining=rate(lambda: the_connector(site, stub.port, **TURN_OFF)),
    )
    base = rates["nothing"]
    reference = f"no trigger {base:,.0f}/s; original {rates['original'] / base:.0%}"
    return [
        Row(
            measure=f"inserts of {CLIENTS} clients, relay awake but idle",
            reference=reference,
            connector=f"{rates['idle']:,.0f}/s = {rates['idle'] / base:.0%}",
            target="88 %",
            met=rates["idle"] >= 0.88 * base,
        ),
        Row(
            measure=f"inserts of {CLIENTS} clients, relay draining flat out",
            reference=reference,
            connector=f"{rates['draining']:,.0f}/s = {rates['draining'] / base:.0%}",
            target="60 %",
            met=rates["draining"] >= 0.6 * base,
        ),
        _one_statement(site, stub, rounds),
    ]


def _one_statement(site: Site, stub: Stub, rounds: int) -> Row:
    statement = ONE_STATEMENT.format(rows=STATEMENT_ROWS)

    def timed() -> float:
        begun = time.monotonic()
        site.sql(statement)
        return time.monotonic() - begun

    def bare() -> float:
        site.renew()
        return timed()

    def with_original() -> float:
        site.renew()
        original.install(site.url, TABLE)
        return timed()

    def with_connector() -> float:
        site.renew()
        with the_connector(site, stub.port, **TURN_OFF):
            pass  # the triggers stay; what is measured is what the writer waits for
        return timed()

    times = interleaved(rounds, bare=bare, original=with_original, connector=with_connector)
    return Row(
        measure=f"one INSERT of {STATEMENT_ROWS:,} rows",
        reference=f"no trigger {times['bare']:.2f} s; original {times['original']:.2f} s",
        connector=f"{times['connector']:.2f} s",
        target="at most the original's",
        met=times["connector"] <= times["original"],
    )
