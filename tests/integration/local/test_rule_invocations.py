"""Rules of the local Ably as callers of the local Lambda service, which checks their signatures."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.aws_access import RunCredentials
from tests.fixtures.ably import LocalAbly
from tests.integration.ably_local.test_rules import create_rule, log, publish
from tests.integration.local.harness import Lambda, RunFunctions, function

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:echo"
ROLE = {"authenticationMode": "assumeRole", "assumeRoleArn": "arn:aws:iam::123456789012:role/x"}


@dataclass(frozen=True)
class Chain:
    """A local Ably whose rules invoke functions."""

    ably: LocalAbly
    run: Lambda
    credentials: RunCredentials

    def keys(self, **other: str) -> dict[str, str]:
        """The access key of a rule: the correct one, except for the given parts."""
        return {
            "authenticationMode": "credentials",
            "accessKeyId": self.credentials.access_key_id,
            "secretAccessKey": self.credentials.secret_access_key,
            **other,
        }


@pytest.fixture
async def chain(
    run_functions: RunFunctions, run_credentials: RunCredentials
) -> AsyncIterator[Chain]:
    async with run_functions(function("echo")) as run:
        ably = LocalAbly(
            lambda_endpoint_url=run.service.endpoint_url,
            aws_credentials=run_credentials.for_botocore,
        )
        await asyncio.to_thread(ably.start)
        yield Chain(ably, run, run_credentials)
        await asyncio.to_thread(ably.close)


@pytest.mark.parametrize("name", ["echo", ARN, "123456789012:function:echo"])
@pytest.mark.parametrize("by_role", [True, False])
async def test_a_rule_uses_its_own_credentials_or_those_of_the_server_for_a_role(
    chain: Chain, name: str, *, by_role: bool
) -> None:
    await create_rule(chain.ably, ROLE if by_role else chain.keys(), function_name=name)
    await publish(chain.ably, "outgoing-chat", "x")
    await chain.run.lines.wait_for("echo was called by")


@pytest.mark.parametrize("other", [{"secretAccessKey": "local"}, {"accessKeyId": "local"}])
async def test_a_rule_with_other_credentials_reports_its_failure(
    chain: Chain, other: dict[str, Any]
) -> None:
    await create_rule(chain.ably, chain.keys(**other), function_name="echo")
    await publish(chain.ably, "outgoing-chat", "x")
    assert "the target returned status 403" in (await log(chain.ably))["data"]
    assert not [line for _, line in chain.run.lines.seen if "echo was called" in line]
