"""The HTTP API: its two routes, whom it answers, how much it takes, and that it keeps a record."""

import json
from pathlib import Path

from tests.infra.synthesis import Stage, synthesize


def test_only_auth_and_messages_are_served_and_only_by_get(dev: Stage) -> None:
    routes = dev.service.of_type("AWS::ApiGatewayV2::Route").values()
    assert sorted(route["Properties"]["RouteKey"] for route in routes) == [
        "GET /auth",
        "GET /messages",
    ]


def test_only_the_configured_origins_may_call_and_with_their_cookie(prod: Stage) -> None:
    cors = prod.service.properties("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["https://chat.example.com", "http://localhost:5173"]
    assert cors["AllowCredentials"] is True
    assert cors["AllowMethods"] == ["GET"]


def test_without_origins_no_other_site_may_call(dev: Stage) -> None:
    assert "CorsConfiguration" not in dev.service.properties("AWS::ApiGatewayV2::Api")


def test_the_api_is_throttled_and_logs_each_request(dev: Stage, prod: Stage) -> None:
    stage = dev.service.properties("AWS::ApiGatewayV2::Stage")
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50}
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert {"request_id", "route", "status", "duration_ms"} <= set(logged)
    limits = prod.service.properties("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]
    assert limits == {"ThrottlingBurstLimit": 1000, "ThrottlingRateLimit": 500}


def test_with_jwt_both_routes_ask_for_a_token_of_the_issuer(dev: Stage, queued: Stage) -> None:
    authorizer = queued.service.properties("AWS::ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["JwtConfiguration"] == {
        "Issuer": "https://login.example.com/",
        "Audience": ["chat", "chat-admin"],
    }
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    for stage, wanted in ((queued, "JWT"), (dev, "NONE")):
        routes = stage.service.of_type("AWS::ApiGatewayV2::Route").values()
        assert {route["Properties"]["AuthorizationType"] for route in routes} == {wanted}
        assert stage.service.function("auth")["Environment"]["Variables"]["AUTH_MODE"] == (
            "jwt" if wanted == "JWT" else "anonymous"
        )
    cors = queued.service.properties("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowHeaders"] == ["authorization"]


def test_auth_stays_out_of_the_network_that_it_does_not_need(dev: Stage) -> None:
    assert "VpcConfig" not in dev.service.function("auth")
    assert "VpcConfig" in dev.service.function("history")


def test_a_setting_reaches_the_functions_it_is_for(tmp_path: Path) -> None:
    stage = synthesize(
        tmp_path,
        "dev",
        token_ttl_seconds="600",
        history_max_limit="50",
        ingest_max_content_bytes="1000",
        outgoing_channel="out",
        incoming_channel="in",
        log_level="DEBUG",
    )
    auth = stage.service.function("auth")["Environment"]["Variables"]
    assert auth["TOKEN_TTL_SECONDS"] == "600"
    assert (auth["OUTGOING_CHANNEL"], auth["INCOMING_CHANNEL"]) == ("out", "in")
    assert auth["POWERTOOLS_LOG_LEVEL"] == "DEBUG"
    history = stage.service.function("history")["Environment"]["Variables"]
    assert history["HISTORY_MAX_LIMIT"] == "50"
    ingest = stage.service.function("ingest")["Environment"]["Variables"]
    assert ingest["MAX_CONTENT_BYTES"] == "1000"
