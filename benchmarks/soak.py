"""Hurts a loaded connector at random for a while, then compares what arrived with the table.

    make soak MINUTES=30

A leader and a standby run between an embedded Postgres and the local Ably, with its limits. Every
few seconds one to three faults are begun together and ended after at most five seconds. Four
writers change the same rows, and keep transactions open for up to 1.4 s now and then. Exits with 1
unless all that was committed arrived, once and in order.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from local.services.embedded_postgres import EmbeddedPostgres
from local.system.ports import free_port
from tests.fixtures.ably import LocalAbly
from tests.fixtures.audit import Audit
from tests.fixtures.faults import CRASH, FATAL_FAULTS
from tests.fixtures.rig import Rig, rigged
from tests.fixtures.stock import LoadRate

REPORT_SECONDS = 60.0
# Every fiftieth change keeps its transaction open: others commit later ids before it meanwhile.
RATE = LoadRate(hold_share=0.02, hold_seconds=0.7)


def soak(rig: Rig, seconds: float, chance: random.Random) -> Counter[str]:
    """Hurt the rig until the time is over; returns how often by what."""
    begun: Counter[str] = Counter()
    started = time.monotonic()
    reported = started
    pause = threading.Event()
    while time.monotonic() - started < seconds:
        pause.wait(chance.uniform(0.5, 4))
        for fault in chance.sample(sorted(FATAL_FAULTS), chance.choice((1, 1, 2, 3))):
            FATAL_FAULTS[fault](rig)
            begun[fault] += 1
        pause.wait(chance.uniform(0.1, 5))
        rig.heal()
        rig.arrivals_go_on(1)
        if time.monotonic() - reported > REPORT_SECONDS:
            reported = time.monotonic()
            minutes = (reported - started) / 60
            print(f"{minutes:5.1f} min  {begun.total():4} faults  {rig.load.commits:7,} commits")
    return begun


def run(minutes: float, seed: int) -> tuple[Audit, Rig, Counter[str]]:
    """Set everything up, soak, and take it all down."""
    chance = random.Random(seed)  # noqa: S311  # faults, to be repeated
    ably = LocalAbly()
    ably.start()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # Postgres runs as another user than root
        server = EmbeddedPostgres(
            data_dir=Path(folder) / "data", port=free_port(), options={"max_wal_size": "256MB"}
        )
        server.start()
        try:
            with rigged(server, server.url, ably, seed=seed, writers=4, rate=RATE) as rig:
                rig.start().until("leading")
                rig.start().until("standing by")
                with rig.load:
                    begun = soak(rig, minutes * 60, chance)
                return rig.settle(), rig, begun
        finally:
            server.stop()
            ably.close()


def main() -> int:
    """Parse the command line, soak, and print what came of it."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is a TextIOWrapper
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30, help="how long (default: 30)")
    parser.add_argument("--seed", type=int, default=None, help="of faults and load")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"{options.minutes:g} minutes, seed {seed}")
    audit, rig, begun = run(options.minutes, seed)
    for fault, count in begun.most_common():
        print(f"{count:6}  {fault}")
    print(
        f"{rig.load.commits:,} transactions committed, {rig.load.rollbacks:,} rolled back, "
        f"the longest open for {rig.load.longest_hold:.1f} s"
    )
    print(f"{begun[CRASH]} crashes of Postgres, {begun.total()} faults in all")
    for name in ("lost", "strangers", "out_of_order"):
        for change in getattr(audit, name)[:20]:
            print(f"  {name}: row {change[0]}, {change[1]}, version {change[2]}")
    print(audit)
    return 0 if audit.is_clean and audit.duplicates == 0 and audit.dead_letters == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
