"""HTTP: payload format 2.0 in and out, CORS, exceptions to statuses."""

import json
from typing import Any

import pytest

from lambdas.common.errors import (
    DatabaseRefusedError,
    DatabaseUnavailableError,
    SecretUnavailableError,
)
from lambdas.common.http import Cors, Request, RequestError, Response, respond

NAMED = Cors(frozenset({"https://a.example", "https://b.example"}))


def event(method: str = "GET", **fields: Any) -> dict[str, Any]:
    return {"version": "2.0", "requestContext": {"http": {"method": method}}, **fields}


def ok(_request: Request) -> Response:
    return Response(body={"ok": True})


def failing(exc: Exception) -> dict[str, Any]:
    def handle(_request: Request) -> Response:
        raise exc

    return respond(event(), Cors(frozenset()), handle)


def test_a_request_has_its_query_headers_and_cookies() -> None:
    request = Request.from_event(
        event(
            queryStringParameters={"limit": "5"},
            headers={"Origin": "https://a.example"},
            cookies=["a=1", "b=x=y", "junk"],
        )
    )
    assert request.method == "GET"
    assert request.query == {"limit": "5"}
    assert request.headers == {"origin": "https://a.example"}
    assert request.cookies == {"a": "1", "b": "x=y", "junk": ""}


def test_cookies_and_headers_stay_out_of_a_request_s_repr() -> None:
    request = Request.from_event(event(cookies=["a=secret"], headers={"authorization": "secret"}))
    assert "secret" not in repr(request)


def test_text_is_answered_as_it_is() -> None:
    answer = respond(event(), NAMED, lambda _: Response(body={"text": "grüße 🎉"}))
    assert answer["body"] == '{"text":"grüße 🎉"}'
    assert answer["headers"]["content-type"] == "application/json"


def test_without_origins_there_is_no_cors_header() -> None:
    answer = respond(event(headers={"origin": "https://a.example"}), Cors(frozenset()), ok)
    assert answer["headers"] == {"content-type": "application/json"}


def test_a_named_origin_is_echoed_with_credentials() -> None:
    headers = respond(event(headers={"origin": "https://b.example"}), NAMED, ok)["headers"]
    assert headers["access-control-allow-origin"] == "https://b.example"
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "https://a.example.evil", "null", None])
def test_another_origin_gets_no_permission_and_no_cache_may_mix_them_up(origin: str | None) -> None:
    headers = respond(event(headers={"origin": origin} if origin else {}), NAMED, ok)["headers"]
    assert headers == {"vary": "Origin", "content-type": "application/json"}


def test_a_star_never_goes_with_credentials() -> None:
    star = Cors(frozenset({"*"}))
    headers = respond(event(headers={"origin": "https://x.example"}), star, ok)["headers"]
    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers


def test_a_preflight_is_answered_without_calling_the_function() -> None:
    request = event("OPTIONS", headers={"origin": "https://a.example"})
    answer = respond(request, NAMED, lambda _: pytest.fail("called"))
    assert answer["statusCode"] == 204
    assert "body" not in answer
    assert answer["headers"]["access-control-allow-methods"] == "GET"
    assert answer["headers"]["access-control-allow-origin"] == "https://a.example"


def test_a_preflight_of_another_origin_permits_nothing() -> None:
    request = event("OPTIONS", headers={"origin": "https://evil.example"})
    assert respond(request, NAMED, ok)["headers"] == {"vary": "Origin"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", ""])
def test_another_method_is_refused_with_those_allowed(method: str) -> None:
    answer = respond(event(method), NAMED, ok)
    assert answer["statusCode"] == 405
    assert answer["headers"]["allow"] == "GET, OPTIONS"


@pytest.mark.parametrize(
    ("exc", "status", "code", "message"),
    [
        (RequestError("limit must be small"), 400, "bad_request", "limit must be small"),
        (
            DatabaseUnavailableError("unable; host db-1"),
            503,
            "database_unavailable",
            "temporarily unavailable; try again",
        ),
        (
            SecretUnavailableError("unable; arn"),
            503,
            "secret_unavailable",
            "temporarily unavailable; try again",
        ),
        (DatabaseRefusedError("unable; 42P01"), 500, "internal_error", "internal error"),
        (ZeroDivisionError("division"), 500, "internal_error", "internal error"),
    ],
)
def test_each_exception_has_its_status_and_says_nothing_of_our_inside(
    exc: Exception, status: int, code: str, message: str
) -> None:
    answer = failing(exc)
    assert answer["statusCode"] == status
    assert json.loads(answer["body"]) == {"error": {"code": code, "message": message}}
    assert answer["headers"]["cache-control"] == "no-store"


def test_an_error_is_readable_by_the_page_that_caused_it() -> None:
    answer = respond(event("POST", headers={"origin": "https://a.example"}), NAMED, ok)
    assert answer["headers"]["access-control-allow-origin"] == "https://a.example"


@pytest.mark.parametrize("hostile", [{}, {"requestContext": None, "headers": None}])
def test_an_event_without_a_request_is_answered_all_the_same(hostile: dict[str, Any]) -> None:
    assert respond(hostile, NAMED, ok)["statusCode"] == 405
