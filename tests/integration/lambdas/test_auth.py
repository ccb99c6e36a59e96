"""The auth handler, its TokenRequests taken by the local Ably as the real one would."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.auth.api_key_preflight import ApiKeyError
from lambdas.auth.endpoint import AuthEndpoint
from lambdas.auth.handler import make_handler
from lambdas.auth.settings import AuthSettings
from lambdas.common.http import Request
from lambdas.common.observability import logger
from lambdas.common.secrets import Secrets
from tests.fixtures.ably import LocalAbly
from tests.fixtures.aws import Aws, LambdaContext

API_KEY = "appid.keyid:secret-of-the-key"

Get = Callable[..., dict[str, Any]]


def event(method: str = "GET", **fields: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/auth",
        "headers": {"origin": "https://chat.example"},
        "requestContext": {"http": {"method": method}},
        **fields,
    }


@pytest.fixture
def new_auth(aws: Aws, lambda_context: LambdaContext) -> Callable[..., Get]:
    """Makes auth functions with the settings given."""

    def new(**environment: str) -> Get:
        if "ABLY_API_KEY_SECRET_ARN" not in environment:
            environment["ABLY_API_KEY_SECRET_ARN"] = aws.create_secret("key", API_KEY)
        handler = make_handler({"STAGE": "test", **environment})
        return lambda request: handler(request, lambda_context)  # type: ignore[arg-type]  # the part of AWS's class that is used

    return new


def request_token(ably: LocalAbly, token_request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """What Ably answers to a TokenRequest: status and body."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{ably.port}/keys/{token_request['keyName']}/requestToken",
        data=json.dumps(token_request).encode(),
        headers={"content-type": "application/json", "accept": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310  # our own server
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_ably_gives_a_token_for_the_answer_and_takes_it_once(
    new_auth: Callable[..., Get], aws: Aws, local_ably: LocalAbly
) -> None:
    arn = aws.create_secret("ably", local_ably.api_key)
    auth = new_auth(ABLY_API_KEY_SECRET_ARN=arn, TOKEN_TTL_SECONDS="120")
    token_request = json.loads(auth(event())["body"])
    status, token = request_token(local_ably, token_request)
    assert status in {200, 201}
    assert token["clientId"] == token_request["clientId"]
    assert token["expires"] - token["issued"] == 120_000
    assert json.loads(token["capability"]) == {
        "outgoing-chat": ["presence", "publish", "subscribe"],
        "incoming-chat": ["history", "subscribe"],
    }
    again, error = request_token(local_ably, token_request)
    assert (again, error["error"]["code"]) == (401, 40105)


def test_ably_refuses_an_answer_that_was_changed(
    new_auth: Callable[..., Get], aws: Aws, local_ably: LocalAbly
) -> None:
    auth = new_auth(ABLY_API_KEY_SECRET_ARN=aws.create_secret("ably", local_ably.api_key))
    token_request = json.loads(auth(event())["body"])
    status, _ = request_token(local_ably, {**token_request, "clientId": "clientId-somebody"})
    assert status == 401


def test_ably_python_takes_the_answer_as_it_is(
    new_auth: Callable[..., Get], aws: Aws, local_ably: LocalAbly
) -> None:
    from ably import AblyRest
    from ably.types.tokenrequest import TokenRequest

    auth = new_auth(ABLY_API_KEY_SECRET_ARN=aws.create_secret("ably", local_ably.api_key))

    async def answer(_params: object) -> TokenRequest:
        return TokenRequest.from_json(auth(event())["body"])

    async def publish() -> None:
        async with AblyRest(
            auth_callback=answer,
            endpoint="localhost",
            port=local_ably.port,
            tls=False,
            use_binary_protocol=False,
        ) as client:
            await client.channels.get("outgoing-chat").publish("chatMsg", {"content": "hello"})

    asyncio.run(publish())
    [message] = local_ably.published("outgoing-chat")
    assert message["name"] == "chatMsg"


def test_every_browser_is_somebody_else_and_stays_who_it_is(new_auth: Callable[..., Get]) -> None:
    auth = new_auth()
    first, second = auth(event()), auth(event())
    client_id = json.loads(first["body"])["clientId"]
    assert json.loads(second["body"])["clientId"] != client_id
    [cookie] = first["cookies"]
    again = auth(event(cookies=[cookie.partition(";")[0]]))
    assert json.loads(again["body"])["clientId"] == client_id
    assert again["cookies"] == [cookie]


def test_no_answer_is_ever_cached(new_auth: Callable[..., Get]) -> None:
    headers = new_auth()(event())["headers"]
    assert headers == {
        "cache-control": "no-cache, no-store, must-revalidate",
        "content-type": "application/json",
    }


def test_a_named_page_may_read_the_answer_with_its_cookie(new_auth: Callable[..., Get]) -> None:
    headers = new_auth(ALLOWED_ORIGINS="https://chat.example")(event())["headers"]
    assert headers["access-control-allow-origin"] == "https://chat.example"
    assert headers["access-control-allow-credentials"] == "true"


def test_the_cookie_is_secure_unless_the_settings_say_otherwise(
    new_auth: Callable[..., Get],
) -> None:
    assert "; Secure" in new_auth()(event())["cookies"][0]
    assert (
        "; Secure"
        not in new_auth(COOKIE_SECURE="false", ABLY_API_KEY_SECRET_ARN="key")(event())["cookies"][0]
    )


def test_only_get_is_served(new_auth: Callable[..., Get]) -> None:
    auth = new_auth()
    assert auth(event("POST"))["statusCode"] == 405
    assert auth(event("OPTIONS"))["statusCode"] == 204


@pytest.mark.parametrize("secret", ["hunter2", "app.key", "app.key:hunter2 x"])
def test_a_wrong_key_is_a_passing_failure_which_ably_js_tries_again(
    new_auth: Callable[..., Get], aws: Aws, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    response = new_auth(ABLY_API_KEY_SECRET_ARN=aws.create_secret("wrong", secret))(event())
    assert response["statusCode"] == 503
    assert "cookies" not in response
    assert "hunter2" not in response["body"]
    assert all("hunter2" not in str(vars(record)) for record in caplog.records)


def test_a_missing_secret_is_a_passing_failure(new_auth: Callable[..., Get]) -> None:
    assert new_auth(ABLY_API_KEY_SECRET_ARN="nowhere")(event())["statusCode"] == 503


@pytest.mark.parametrize("secret", [API_KEY, f"{API_KEY}\n"])
@pytest.mark.parametrize("app_id", ["", "appid"])
def test_a_deploy_is_told_that_the_key_can_be_used(
    new_auth: Callable[..., Get], aws: Aws, secret: str, app_id: str
) -> None:
    auth = new_auth(ABLY_API_KEY_SECRET_ARN=aws.create_secret("key", secret), ABLY_APP_ID=app_id)
    assert auth({}) == {}


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (None, "ResourceNotFoundException"),
        ("hunter2", "not have the form appId.keyId:secret"),
        ("app.key:hunter2 x", "not have the form appId.keyId:secret"),
    ],
)
def test_a_deploy_without_a_key_is_told_what_to_do(
    new_auth: Callable[..., Get],
    aws: Aws,
    caplog: pytest.LogCaptureFixture,
    secret: str | None,
    said: str,
) -> None:
    arn = aws.secrets.create_secret(Name="empty")["ARN"]
    if secret is not None:
        aws.secrets.put_secret_value(SecretId=arn, SecretString=secret)
    with pytest.raises(ApiKeyError) as caught:
        new_auth(ABLY_API_KEY_SECRET_ARN=arn)({})
    sentence = str(caught.value)
    assert said in sentence
    assert f"put-secret-value --secret-id {arn} --secret-string file://key" in sentence
    assert "hunter2" not in sentence + caplog.text


def test_a_deploy_with_another_apps_key_is_told_both_apps_and_no_secret(
    new_auth: Callable[..., Get],
) -> None:
    with pytest.raises(ApiKeyError) as caught:
        new_auth(ABLY_APP_ID="other")({})
    sentence = str(caught.value)
    assert "belongs to the app 'appid', but ably_app_id is 'other'" in sentence
    assert "secret-of-the-key" not in sentence


def test_nothing_of_the_answer_is_logged(
    new_auth: Callable[..., Get],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG", logger=logger().service)
    response = new_auth()(event(cookies=["ably_client_id=x.y"]))
    token_request = json.loads(response["body"])
    output = capsys.readouterr().out + "".join(str(vars(record)) for record in caplog.records)
    assert "TokenRequestsIssued" in output
    for secret in (token_request["mac"], token_request["nonce"], "secret-of-the-key", "x.y"):
        assert secret not in output


def test_a_new_key_is_signed_with_once_it_is_read_and_ends_the_old_identities(aws: Aws) -> None:
    now = [0.0]
    arn = aws.create_secret("rotated", API_KEY)
    endpoint = AuthEndpoint(
        AuthSettings.parse({"ABLY_API_KEY_SECRET_ARN": arn}),
        Secrets(ttl_seconds=300, clock=lambda: now[0]),
    )
    before = endpoint.get(Request(method="GET"))
    name, _, value = before.cookies[0].partition(";")[0].partition("=")
    aws.secrets.put_secret_value(SecretId=arn, SecretString="appid.other:another-secret")
    now[0] = 300
    after = endpoint.get(Request(method="GET", cookies={name: value}))
    assert (before.body["keyName"], after.body["keyName"]) == ("appid.keyid", "appid.other")
    assert after.body["clientId"] != before.body["clientId"]


def signed_in(claims: object) -> dict[str, Any]:
    """A request that API Gateway's JWT authorizer has let through."""
    authorizer = {"jwt": {"claims": claims, "scopes": None}}
    return event(requestContext={"http": {"method": "GET"}, "authorizer": authorizer})


def test_who_is_signed_in_gets_a_token_under_the_subject_and_no_cookie(
    new_auth: Callable[..., Get], aws: Aws, local_ably: LocalAbly
) -> None:
    arn = aws.create_secret("ably", local_ably.api_key)
    auth = new_auth(ABLY_API_KEY_SECRET_ARN=arn, AUTH_MODE="jwt")
    answer = auth(signed_in({"sub": "auth0|5f7c8ec7", "aud": "chat"}))
    assert "cookies" not in answer
    status, token = request_token(local_ably, json.loads(answer["body"]))
    assert status in {200, 201}
    assert token["clientId"] == "auth0|5f7c8ec7"


@pytest.mark.parametrize(
    "claims",
    [
        None,
        {},
        {"sub": ""},
        {"sub": None},
        {"sub": ["a"]},
        {"sub": "*"},
        {"sub": "a\nb"},
        {"sub": "ä" * 128},
    ],
)
def test_without_a_subject_that_can_be_a_client_id_there_is_no_token(
    new_auth: Callable[..., Get], claims: object
) -> None:
    answer = new_auth(AUTH_MODE="jwt")(signed_in(claims))
    assert answer["statusCode"] == 401
    assert json.loads(answer["body"])["error"]["code"] == "unauthenticated"


def test_a_cookie_opens_nothing_where_one_must_sign_in(
    new_auth: Callable[..., Get], aws: Aws
) -> None:
    arn = aws.create_secret("ably", API_KEY)
    (cookie,) = new_auth(ABLY_API_KEY_SECRET_ARN=arn)(event())["cookies"]
    request = event(cookies=[cookie.partition(";")[0]])
    answer = new_auth(ABLY_API_KEY_SECRET_ARN=arn, AUTH_MODE="jwt")(request)
    assert answer["statusCode"] == 401


def test_claims_are_not_looked_at_where_nobody_verifies_them(
    new_auth: Callable[..., Get],
) -> None:
    answer = new_auth()(signed_in({"sub": "clientId-of-another"}))
    assert json.loads(answer["body"])["clientId"] != "clientId-of-another"
