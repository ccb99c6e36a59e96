import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from tests.fixtures.ably import LocalAbly
from tests.integration.ably_local.test_rules import (
    Sink,
    create_rule,
    log,
    publish,
)

ROLE = {"authenticationMode": "assumeRole", "assumeRoleArn": "arn:aws:iam::123456789012:role/x"}
ANSWER = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>ASIAASSUMED</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>session</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"""
REFUSAL = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>
<Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"""


class Sts:
    """A stand-in for STS, which grants or refuses credentials."""

    def __init__(self) -> None:
        self.refuses = False
        self.requests: list[dict[str, list[str]]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append(parse_qs(await request.text()))
        if self.refuses:
            return web.Response(status=403, text=REFUSAL, content_type="text/xml")
        return web.Response(text=ANSWER, content_type="text/xml")


@pytest.fixture
async def sts() -> Sts:
    return Sts()


@pytest.fixture
async def sink() -> Sink:
    return Sink()


@pytest.fixture
async def ably(sts: Sts, sink: Sink) -> AsyncIterator[LocalAbly]:
    application = web.Application()
    application.router.add_post("/", sts.answer)
    application.router.add_post("/{path:.+}", sink.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    server = LocalAbly(account_id="account", lambda_endpoint_url=url, sts_endpoint_url=url)
    server.start()
    await create_rule(server, ROLE)
    yield server
    await asyncio.to_thread(server.close)
    await runner.cleanup()


async def test_invocations_are_signed_with_the_credentials_of_the_role(
    ably: LocalAbly, sts: Sts, sink: Sink
) -> None:
    await publish(ably, "outgoing-chat", *"abcdef")
    for _ in "abcdef":
        _, headers, _ = await sink.next()
        assert "Credential=ASIAASSUMED/" in headers["Authorization"]
        assert headers["X-Amz-Security-Token"] == "session"
    (request,) = sts.requests
    assert request["Action"] == ["AssumeRole"]
    assert request["RoleArn"] == [ROLE["assumeRoleArn"]]
    assert request["ExternalId"] == [f"account.{ably.app_id}"]


async def test_a_refused_role_is_reported_on_the_log_channel(
    ably: LocalAbly, sts: Sts, sink: Sink
) -> None:
    sts.refuses = True
    await publish(ably, "outgoing-chat", "x")
    assert "cannot be assumed" in (await log(ably))["data"]
    assert sink.requests.empty()
