"""Measures the connector against references in the same run, and prints the table.

    make bench                                  all of it, about a quarter of an hour
    make bench ARGS="latency --seconds 5"       one part

References: the same load without a trigger, and the original connector's scheme (original.py).
"""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime

from benchmarks import latency, resources, throughput, writers
from benchmarks.bench_site import site, stub
from benchmarks.report import Row, table

PARTS = ("writers", "throughput", "latency", "resources")


def run(parts: list[str], *, rounds: int, seconds: int) -> list[Row]:
    """Measure the parts, each on a database of its own."""
    rows: list[Row] = []
    with site() as here:
        for part in parts:
            if part == "throughput":
                found = throughput.measure(here)
            elif part == "latency":
                found = latency.measure(here, seconds=seconds)
            else:
                with stub() as ably:
                    if part == "writers":
                        found = writers.measure(here, ably, rounds=rounds, seconds=seconds)
                    else:
                        found = resources.measure(here, ably)
            for row in found:
                print(" | ".join(row.cells()), file=sys.stderr, flush=True)
            rows += found
    return rows


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="of each variant (default: 3)")
    parser.add_argument("--seconds", type=int, default=10, help="of each load (default: 10)")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {min(unknown)!r}")
    rows = run(options.parts or list(PARTS), rounds=options.rounds, seconds=options.seconds)
    load = os.getloadavg()[2]
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, Postgres 18, load average {load:.1f}\n"
    )
    print(table(rows))


if __name__ == "__main__":
    main()
