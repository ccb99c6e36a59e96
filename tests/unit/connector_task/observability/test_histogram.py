"""Many measurements shown as a few: every percentile of the few is one of the many."""

import random
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_task.observability.histogram import PRECISION, Distribution

SHOWN = 100


def distribution(values: list[float]) -> Distribution:
    made = Distribution()
    for value in values:
        made.add(value)
    return made


def percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def test_nothing_counted_is_nothing_shown() -> None:
    assert Distribution().values(SHOWN) == []


def test_as_many_as_may_be_shown_are_shown_each() -> None:
    values = [1.07**number for number in range(SHOWN)]
    assert distribution(values[::-1]).values(SHOWN) == pytest.approx(values)


CHANCE = random.Random(1)  # noqa: S311  # shapes of a test
SHAPES = {
    "even": [CHANCE.uniform(1, 1000) for _ in range(50_000)],
    "heavy tail": [CHANCE.lognormvariate(3, 1) for _ in range(50_000)],
    "two humps": [CHANCE.gauss(900 if number % 10 == 0 else 20, 2) for number in range(50_000)],
}


@pytest.mark.parametrize("count", [SHOWN + 1, 999, 50_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_percentiles_of_what_is_shown_are_those_of_all(shape: str, count: int) -> None:
    values = SHAPES[shape][:count]
    shown = distribution(values).values(SHOWN)
    assert len(shown) == SHOWN
    assert (shown[0], shown[-1]) == (min(values), max(values))
    for percent in (25, 50, 75, 98):
        # Each shown is a hundredth of all: so much may be between a percentile's two places.
        low, high = percentile(values, percent - 1), percentile(values, percent + 1)
        assert low * (1 - PRECISION) <= percentile(shown, percent) <= high * (1 + PRECISION)


def test_a_value_counted_often_weighs_as_often() -> None:
    made = distribution([5.0] * 10)
    made.add(100.0, 990)
    shown = made.values(SHOWN)
    assert shown == [5.0, *[100.0] * 99]


@given(
    st.lists(
        st.tuples(st.floats(-1e9, 1e9), st.integers(1, 2000)),
        max_size=50,
    ),
    st.integers(1, 200),
)
def test_what_is_shown_ascends_within_what_was_counted(
    counted: list[tuple[float, int]], at_most: int
) -> None:
    made = Distribution()
    for value, count in counted:
        made.add(value, count)
    shown = made.values(at_most)
    assert len(shown) == min(sum(count for _, count in counted), at_most)
    assert shown == sorted(shown)
    if shown:
        assert shown[0] == max(min(value for value, _ in counted), 0.0)
