"""How measurements are distributed, in bounded memory and in as many values as one may show. Pure.

CloudWatch takes at most a hundred values of a metric in a line, each as one measurement. A random
hundred of many thousands would now hold the slowest and now not, and the 99th percentile would
jump. So the values shown are evenly spaced among all measurements in their order, the least and the
greatest included: every percentile of these values is one of all measurements.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

PRECISION = 0.01  # values that differ by less, in proportion, are shown as their mean
LEAST = 0.001  # what is below is counted together


@dataclass(slots=True)
class Distribution:
    """Measurements of at least 0, each counted."""

    _buckets: dict[int, tuple[int, float]] = field(default_factory=dict)  # how many, their sum
    _least: float = math.inf
    _greatest: float = 0.0

    def add(self, value: float, count: int = 1) -> None:
        """Count a value, `count` times."""
        value = max(value, 0.0)
        key = math.floor(math.log(max(value, LEAST)) / PRECISION)
        known, total = self._buckets.get(key, (0, 0.0))
        self._buckets[key] = (known + count, total + value * count)
        self._least = min(self._least, value)
        self._greatest = max(self._greatest, value)

    def values(self, at_most: int) -> list[float]:
        """All that was counted, or so many that stand for it, in ascending order."""
        count = sum(count for count, _ in self._buckets.values())
        shown = min(count, at_most)
        ranks = (place * (count - 1) // max(shown - 1, 1) for place in range(shown))
        between = [min(max(mean, self._least), self._greatest) for mean in self._at(ranks)][1:-1]
        return [self._least, *between, self._greatest][:shown]

    def _at(self, ranks: Iterator[int]) -> Iterator[float]:
        """The values at these ranks, which ascend from 0."""
        buckets = iter(sorted(self._buckets.items()))
        passed, mean = 0, 0.0
        for rank in ranks:
            while passed <= rank:
                _, (count, total) = next(buckets)
                passed, mean = passed + count, total / count
            yield mean
