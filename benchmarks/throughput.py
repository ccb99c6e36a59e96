"""How fast changes get to Ably, and how far behind the writers they are."""

import time
from dataclasses import dataclass

from benchmarks.bench_site import (
    CHANNEL,
    TURN_OFF,
    WITH_LIMITS,
    Site,
    Stub,
    reordered,
    stub,
    the_connector,
    the_original,
)
from benchmarks.raw_limits import messages_per_second, notifications_per_second
from benchmarks.report import Row
from benchmarks.writers import CLIENTS, ONE_STATEMENT, STATEMENT_ROWS

SINGLE_ROWS = 20_000
SDK_ROWS = 4_000  # one request each through the SDK: more would only take longer
CHANNELS = 100
CHANNEL_RATE = 50
ARRAY_BYTES = 64 * 1024
CHANNEL_BYTES = 1024 * 1024
PUBLISH = """
SELECT ably.publish('bench:' || n %% {channels}, 'INSERT', '{{"row":{{"id":' || n || '}}}}')
FROM generate_series(1, {rows}) AS n
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run: of so many changes a second, and how long after the last commit all were there."""

    written: float
    published: float
    lag_seconds: float
    reordered: int

    def __str__(self) -> str:
        return (
            f"{self.published:,.0f}/s, writers {self.written:,.0f}/s, "
            f"lag {self.lag_seconds * 1000:,.0f} ms, {self.reordered:,} reordered"
        )


def measure(site: Site) -> list[Row]:
    """All of it."""
    with stub() as ably:
        site.renew()
        with the_original(site, ably.port):
            bare = _single_rows(site, ably)
            bulk_bare = STATEMENT_ROWS / _drain(site, ably)
        site.renew()
        with the_original(site, ably.port, "--sdk"):
            reference = _single_rows(site, ably, SDK_ROWS)
            bulk_reference = SDK_ROWS / _drain(site, ably, SDK_ROWS)
        site.renew()
        with the_connector(site, ably.port, **TURN_OFF):
            mine = _single_rows(site, ably)
            bulk = STATEMENT_ROWS / _drain(site, ably)
        site.renew()
        notified = notifications_per_second(site, SINGLE_ROWS, CLIENTS)
        raw = messages_per_second(ably, STATEMENT_ROWS)
    return [
        Row(
            measure=f"{SINGLE_ROWS:,} single-row inserts of {CLIENTS} clients",
            reference=f"original through the SDK {reference}; through bare sockets {bare}; "
            f"transactions that only notify, and a bare LISTEN {notified:,.0f}/s",
            connector=str(mine),
            target="2.5 times; no lag",
            met=mine.published >= 2.5 * reference.published and mine.lag_seconds < 0.1,
        ),
        Row(
            measure=f"one statement of {STATEMENT_ROWS:,} rows, limits off",
            reference=f"original, SDK {bulk_reference:,.0f}/s, bare sockets {bulk_bare:,.0f}/s; "
            f"arrays of the same bytes without a database {raw:,.0f}/s",
            connector=f"{bulk:,.0f}/s",
            target="10 times",
            met=bulk >= 10 * bulk_reference,
        ),
        _one_channel_limited(site),
        _many_channels_limited(site),
    ]


def _single_rows(site: Site, ably: Stub, rows: int = SINGLE_ROWS) -> Run:
    ably.ask("reset")
    each = rows // CLIENTS
    begun = time.monotonic()
    site.pgbench("-c", str(CLIENTS), "-j", "1", "-t", str(each))
    ended = time.monotonic()
    ably.until(rows)
    arrivals = ably.arrivals()
    took = arrivals[-1].at - arrivals[0].at
    return Run(
        written=rows / (ended - begun),
        published=rows / took,
        lag_seconds=max(0.0, arrivals[-1].at - ended),
        reordered=reordered(arrivals),
    )


def _drain(site: Site, ably: Stub, rows: int = STATEMENT_ROWS) -> float:
    """Seconds from the commit of one large statement to the last of its rows at Ably."""
    ably.ask("reset")
    site.sql(ONE_STATEMENT.format(rows=rows))
    committed = time.monotonic()
    ably.until(rows)
    return max(0.0, ably.arrivals()[-1].at - committed)


def _one_channel_limited(site: Site) -> Row:
    site.renew()
    with stub("--channel-rate", str(CHANNEL_RATE)) as ably:
        with the_connector(site, ably.port, **WITH_LIMITS):
            took = _drain(site, ably)
        counts = ably.ask("count")
    payload = '{"table":"bench","type":"INSERT","row":{"id":50000,"writer":null,"value":"'
    row_bytes = len(payload) + 50 + len('"}}') + len("INSERT")
    allowed = min(CHANNEL_RATE * ARRAY_BYTES, CHANNEL_BYTES) / row_bytes
    rate = STATEMENT_ROWS / took
    return Row(
        measure=f"the same, limits on, one channel (`{CHANNEL}`)",
        reference=f"Ably allows {allowed:,.0f}/s (1,024 KiB/s)",
        connector=f"{rate:,.0f}/s = {rate / allowed:.0%}, {counts['refused']} refused",
        target="80 %",
        met=rate >= 0.8 * allowed,
    )


def _many_channels_limited(site: Site) -> Row:
    """What Ably allows on 100 channels is beyond this machine: the mark is the run without."""
    text = PUBLISH.format(channels=CHANNELS, rows=STATEMENT_ROWS).replace("%%", "%")
    seconds = {}
    refused = 0
    for name, rate, settings in (
        ("off", 0, TURN_OFF),
        ("on", CHANNEL_RATE, WITH_LIMITS),
    ):
        site.renew()
        with stub("--channel-rate", str(rate)) as ably, the_connector(site, ably.port, **settings):
            site.sql(text)
            committed = time.monotonic()
            ably.until(STATEMENT_ROWS)
            seconds[name] = max(0.001, ably.ask("taken")[-1][0] / 1e9 - committed)
            refused = ably.ask("count")["refused"]
    return Row(
        measure=f"{STATEMENT_ROWS:,} messages on {CHANNELS} channels, limits on",
        reference=f"limits off {STATEMENT_ROWS / seconds['off']:,.0f}/s",
        connector=f"{STATEMENT_ROWS / seconds['on']:,.0f}/s, {refused} refused",
        target="80 % of without",
        met=seconds["on"] <= seconds["off"] / 0.8,
    )
