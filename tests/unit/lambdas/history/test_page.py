"""Pages: what is asked for, and how much fits."""

import json
from typing import Any

import pytest

from lambdas.common.http import RequestError
from lambdas.history import page
from lambdas.history.page import MAX_BIGINT, PageRequest


def rows(count: int, *, size: int = 1) -> list[dict[str, Any]]:
    return [
        {"msg_data": "x" * size, "incremental_record_id": number} for number in range(count, 0, -1)
    ]


def test_without_parameters_it_is_the_newest_page() -> None:
    request = PageRequest.parse({}, max_limit=200)
    assert request == PageRequest(before=MAX_BIGINT, limit=50)


def test_the_default_page_is_no_larger_than_the_largest() -> None:
    assert PageRequest.parse({}, max_limit=10).limit == 10


def test_parameters_are_read() -> None:
    request = PageRequest.parse({"before": "9", "limit": "200", "other": "x"}, max_limit=200)
    assert request == PageRequest(before=9, limit=200)


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "1.5", "1e3", " 5", "+5", "5_0", "\u0665", "abc", "1,2", "9" * 30, "201"],
)
def test_a_wrong_limit_is_named(text: str) -> None:
    with pytest.raises(RequestError, match=r"^limit must be a whole number from 1 to 200$"):
        PageRequest.parse({"limit": text}, max_limit=200)


@pytest.mark.parametrize("text", ["", "0", "-1", "x", str(2**63)])
def test_a_wrong_before_is_named(text: str) -> None:
    with pytest.raises(RequestError, match=r"^before must be a whole number from 1 to \d+$"):
        PageRequest.parse({"before": text}, max_limit=200)


def test_a_page_with_older_ones_behind_it_says_where_they_begin() -> None:
    answer = page.answer(rows(4), PageRequest(before=MAX_BIGINT, limit=3))
    assert [row["incremental_record_id"] for row in answer["messages"]] == [4, 3, 2]
    assert answer["nextBefore"] == 2


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_last_page_says_that_it_is(count: int) -> None:
    answer = page.answer(rows(count), PageRequest(before=MAX_BIGINT, limit=3))
    assert len(answer["messages"]) == count
    assert answer["nextBefore"] is None


def test_a_page_too_heavy_for_lambda_ends_early_and_the_next_goes_on() -> None:
    answer = page.answer(rows(10, size=300_000), PageRequest(before=MAX_BIGINT, limit=10))
    assert len(json.dumps(answer)) <= page.MAX_PAGE_BYTES
    assert [row["incremental_record_id"] for row in answer["messages"]] == [10, 9, 8]
    assert answer["nextBefore"] == 8


def test_a_single_row_is_answered_whatever_it_weighs() -> None:
    answer = page.answer(rows(2, size=2_000_000), PageRequest(before=MAX_BIGINT, limit=10))
    assert len(answer["messages"]) == 1
    assert answer["nextBefore"] == 2
