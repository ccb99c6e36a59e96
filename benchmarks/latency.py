"""How long a change takes from its commit to Ably."""

import threading
import time
from contextlib import AbstractContextManager, suppress

import psycopg2

from benchmarks.bench_site import (
    TURN_OFF,
    WITH_LIMITS,
    Site,
    Stub,
    percentiles,
    reordered,
    stub,
    the_connector,
    the_original,
)
from benchmarks.report import Row

RATES = (50, 200, 1000)
LIMITED_RATES = (100, 200, 500)
RATE_OF_ONE_WRITER = 250
WARM_UP_SECONDS = 1.0
STUBS = {"at once": (), "20±10 ms": ("--delay-ms", "20", "--jitter-ms", "10")}


class PacedWriter(threading.Thread):
    """Single-row transactions at a steady rate; notes when each was known to be committed."""

    def __init__(self, url: str, number: int, rate: float, seconds: float) -> None:
        super().__init__()
        self._url = url
        self._number = number
        self._rate = rate
        self._seconds = seconds
        self.commits: dict[int, float] = {}

    def run(self) -> None:
        """Write on schedule, and at once where it is behind."""
        connection = psycopg2.connect(self._url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                begun = time.monotonic()
                for number in range(int(self._rate * self._seconds)):
                    time.sleep(max(0.0, begun + number / self._rate - time.monotonic()))
                    cursor.execute(
                        "INSERT INTO bench (writer, value) VALUES (%s, repeat('x', 50)) "
                        "RETURNING id",
                        [self._number],
                    )
                    [(row,)] = cursor.fetchall()
                    self.commits[row] = time.monotonic()
        finally:
            connection.close()


class Latencies:
    """One run's: milliseconds from commit to Ably."""

    def __init__(self, site: Site, ably: Stub, rate: int, seconds: float) -> None:
        ably.ask("reset")
        count = max(1, rate // RATE_OF_ONE_WRITER)
        writers = [PacedWriter(site.url, number, rate / count, seconds) for number in range(count)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        commits = {row: at for writer in writers for row, at in writer.commits.items()}
        with suppress(TimeoutError):  # what is lost is counted
            ably.until(len(commits), 20)
        arrivals = ably.arrivals()
        arrived = {arrival.row: arrival.at for arrival in arrivals}
        warm = min(commits.values()) + WARM_UP_SECONDS
        times = [
            (arrived[row] - at) * 1000
            for row, at in commits.items()
            if at > warm and row in arrived
        ]
        self.p50, self.p99 = percentiles(times)
        self.lost = len(commits.keys() - arrived.keys())
        self.reordered = reordered(arrivals)

    def __str__(self) -> str:
        return (
            f"{self.p50:.1f} / {self.p99:.1f} ms, {self.lost:,} lost, {self.reordered:,} reordered"
        )


def measure(site: Site, *, seconds: float) -> list[Row]:
    """Every rate, with either Ably, and with Ably's limits."""
    rows = []
    for name, arguments in STUBS.items():
        with stub(*arguments) as ably:
            for rate in RATES:
                sdk = the_original(_fresh(site), ably.port, "--sdk")
                with_sdk = _run(site, ably, rate, seconds, sdk)
                reference = _run(site, ably, rate, seconds, the_original(_fresh(site), ably.port))
                mine = _run(
                    site, ably, rate, seconds, the_connector(_fresh(site), ably.port, **TURN_OFF)
                )
                rows.append(_compare(name, rate, (reference, with_sdk), mine))
    with stub("--channel-rate", "50") as ably:
        for rate in LIMITED_RATES:
            reference = _run(site, ably, rate, seconds, the_original(_fresh(site), ably.port))
            mine = _run(
                site, ably, rate, seconds, the_connector(_fresh(site), ably.port, **WITH_LIMITS)
            )
            rows.append(
                Row(
                    measure=f"p50 / p99 at {rate}/s, limits on (50 publishes/s)",
                    reference=str(reference),
                    connector=str(mine),
                    target="0 lost, p99 < 100 ms",
                    met=mine.lost == 0 and mine.p99 < 100,
                )
            )
    return rows


def _fresh(site: Site) -> Site:
    site.renew()
    return site


def _run(
    site: Site, ably: Stub, rate: int, seconds: float, around: AbstractContextManager[object]
) -> Latencies:
    with around:
        return Latencies(site, ably, rate, seconds)


def _compare(name: str, rate: int, references: tuple[Latencies, Latencies], mine: Latencies) -> Row:
    """Against bare sockets, the faster one; the SDK's figures stand beside it."""
    reference, with_sdk = references
    if name == "at once":
        target = "p50 +1.5 ms" + (", p99 lower" if rate >= 200 else "")
        met = mine.p50 <= reference.p50 + 1.5 and (rate < 200 or mine.p99 < reference.p99)
    else:
        target = "p50 1.6 times"
        met = mine.p50 <= 1.6 * reference.p50
    return Row(
        measure=f"p50 / p99 at {rate}/s, Ably answers {name}",
        reference=f"{reference}; through the SDK {with_sdk}",
        connector=str(mine),
        target=target,
        met=met and mine.lost == 0 and mine.reordered == 0,
    )
