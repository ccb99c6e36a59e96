"""What the connector takes of the machine: memory with a large backlog, processor at rest."""

import time

import psutil

from benchmarks.bench_site import TURN_OFF, Site, Stub, the_connector
from benchmarks.report import Row
from benchmarks.writers import ONE_STATEMENT

BACKLOG = 1_000_000
REST_SECONDS = 20.0


def measure(site: Site, ably: Stub, *, backlog: int = BACKLOG) -> list[Row]:
    """Fill the outbox while nobody drains it, drain it, and rest."""
    site.renew()
    with the_connector(site, ably.port, **TURN_OFF):
        pass  # the triggers stay
    site.sql(ONE_STATEMENT.format(rows=backlog))
    ably.ask("reset")
    begun = time.monotonic()
    with the_connector(site, ably.port, **TURN_OFF) as process:
        watched = psutil.Process(process.popen.pid)
        peak = 0
        while ably.ask("count")["messages"] < backlog:
            peak = max(peak, watched.memory_info().rss)
            if time.monotonic() - begun > 600:
                raise TimeoutError("the backlog is not drained within 600 s")
            time.sleep(0.2)
        took = time.monotonic() - begun
        share = _at_rest(watched)
    return [
        Row(
            measure=f"memory while a backlog of {backlog:,} is drained",
            reference=f"{backlog / took:,.0f}/s",
            connector=f"{peak / 1e6:.0f} MB",
            target="150 MB",
            met=peak < 150e6,
        ),
        Row(
            measure="processor at rest",
            reference="",
            connector=f"{share:.2%}",
            target="1 %",
            met=share < 0.01,
        ),
    ]


def _at_rest(watched: psutil.Process) -> float:
    """The share of one core over a while in which nothing happens."""
    time.sleep(3)  # the relay goes to sleep first
    before, begun = watched.cpu_times(), time.monotonic()
    time.sleep(REST_SECONDS)
    after, ended = watched.cpu_times(), time.monotonic()
    used = after.user + after.system - before.user - before.system
    return used / (ended - begun)
