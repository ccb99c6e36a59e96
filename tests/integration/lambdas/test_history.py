"""The history handler: pages of what is in the table, newest first."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.history.handler import make_handler
from tests.fixtures.aws import LambdaContext
from tests.integration.lambdas.conftest import opened, rows

Get = Callable[..., dict[str, Any]]


@pytest.fixture
def get(database_environment: dict[str, str], lambda_context: LambdaContext) -> Get:
    """GET /messages with a query; the response."""
    handler = make_handler({**database_environment, "ALLOWED_ORIGINS": "https://a.example"})

    def get(**query: str) -> dict[str, Any]:
        event = {
            "version": "2.0",
            "rawPath": "/messages",
            "headers": {"origin": "https://a.example"},
            "queryStringParameters": query,
            "requestContext": {"http": {"method": "GET"}},
        }
        if not query:
            del event["queryStringParameters"]
        response: dict[str, Any] = handler(event, lambda_context)  # type: ignore[arg-type]  # the part of AWS's class that is used
        return response

    return get


def fill(chat_url: str, count: int) -> None:
    with opened(chat_url) as cursor:
        cursor.execute(
            "INSERT INTO chat_data (msg_id, msg_data, created_at_timestamp) "
            "SELECT 'm:' || n, 'text ' || n, n FROM generate_series(1, %s) AS n",
            (count,),
        )


def numbers(response: dict[str, Any]) -> list[int]:
    return [row["incremental_record_id"] for row in json.loads(response["body"])["messages"]]


def test_an_empty_table_is_an_empty_page(get: Get) -> None:
    response = get()
    assert response["statusCode"] == 200
    assert json.loads(response["body"]) == {"messages": [], "nextBefore": None}
    assert response["headers"]["cache-control"] == "no-store"
    assert response["headers"]["access-control-allow-origin"] == "https://a.example"


def test_a_row_has_the_table_s_columns_in_the_table_s_order(get: Get, chat_url: str) -> None:
    big = 2**53 + 1
    with opened(chat_url) as cursor:
        cursor.execute(
            "INSERT INTO chat_data VALUES ('Ann', 'm:1', 'grüße 🎉', 'c', %s, 5, true, 6, 'e:1')",
            (big,),
        )
    columns = rows(
        chat_url,
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_name = 'chat_data' ORDER BY ordinal_position",
    )
    [row] = json.loads(get()["body"])["messages"]
    assert list(row) == [name for (name,) in columns]
    assert list(row.values()) == ["Ann", "m:1", "grüße 🎉", "c", big, 5, True, 6, "e:1"]


def test_pages_go_back_to_the_first_message_without_a_gap_or_a_double(
    get: Get, chat_url: str
) -> None:
    fill(chat_url, 125)
    seen: list[int] = []
    response = get()
    while before := json.loads(response["body"])["nextBefore"]:
        seen += numbers(response)
        response = get(before=str(before))
    assert seen + numbers(response) == [*range(125, 0, -1)]


def test_a_page_stays_what_it_was_when_new_messages_arrive(get: Get, chat_url: str) -> None:
    fill(chat_url, 10)
    before = get(before="8", limit="3")
    with opened(chat_url) as cursor:
        cursor.execute("INSERT INTO chat_data (msg_id) VALUES ('newer')")
    assert get(before="8", limit="3") == before
    assert numbers(before) == [7, 6, 5]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"before": "-1"}]
)
def test_a_wrong_parameter_is_named(get: Get, query: dict[str, str]) -> None:
    response = get(**query)
    assert response["statusCode"] == 400
    [name] = query
    error = json.loads(response["body"])["error"]
    assert error["code"] == "bad_request"
    assert error["message"].startswith(f"{name} must be a whole number from 1 to ")


def test_a_page_is_read_from_the_index(chat_url: str) -> None:
    fill(chat_url, 20_000)
    with opened(chat_url) as cursor:
        cursor.execute("ANALYZE chat_data")
        cursor.execute(
            "EXPLAIN SELECT * FROM chat_data WHERE incremental_record_id < 10000 "
            "ORDER BY incremental_record_id DESC LIMIT 51"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan Backward using chat_data_incremental_record_id_key" in plan
    assert "Sort" not in plan


def test_without_its_table_the_answer_says_nothing_of_our_inside(get: Get, chat_url: str) -> None:
    with opened(chat_url) as cursor:
        cursor.execute("DROP TABLE chat_data")
    response = get()
    assert response["statusCode"] == 500
    assert json.loads(response["body"])["error"] == {
        "code": "internal_error",
        "message": "internal error",
    }
