"""One row of the table that the measurements print."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEAD = ("Measure", "Reference", "Connector", "Target", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What was measured against what, and whether the mark was met; None where there is none."""

    measure: str
    reference: str
    connector: str
    target: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        error_class = {None: "", True: "met", False: "**missed**"}[self.met]
        return (self.measure, self.reference, self.connector, self.target, error_class)


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [HEAD, tuple("---" for _ in HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def interleaved(rounds: int, **variants: Callable[[], float]) -> dict[str, float]:
    """The median of each variant, run in turns so that a busy machine is busy for all of them."""
    results: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, measure in variants.items():
            results[name].append(measure())
    return {name: statistics.median(values) for name, values in results.items()}
