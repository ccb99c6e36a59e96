"""Creates the rule that invokes the ingest function, through the Control API like a deployment."""

from typing import Any

import aiohttp

from local.aws_access import RunCredentials
from local.errors import LocalError
from local.gateway.settings import OUTGOING_CHANNEL
from local.lambda_service.function import REGION

TIMEOUT = aiohttp.ClientTimeout(total=10)


async def ensure_rule(
    control_api_url: str,
    control_token: str,
    *,
    app_id: str,
    function_name: str,
    credentials: RunCredentials,
) -> None:
    """Create the rule unless the app has it: a second rule would deliver every message twice.

    The rule invokes the function with `credentials`.

    Raises:
        LocalError: if the Control API refuses.
    """
    wanted = _rule(function_name, credentials)
    headers = {"Authorization": f"Bearer {control_token}"}
    url = f"{control_api_url}/apps/{app_id}/rules"
    async with aiohttp.ClientSession(headers=headers, timeout=TIMEOUT) as session:
        async with session.get(url) as response:
            rules = await _checked(response)
        if any(_is_same(rule, wanted) for rule in rules):
            return
        async with session.post(url, json=wanted) as response:
            await _checked(response)


def _rule(function_name: str, credentials: RunCredentials) -> dict[str, Any]:
    return {
        "ruleType": "aws/lambda",
        "requestMode": "single",
        "source": {"channelFilter": f"^{OUTGOING_CHANNEL}$", "type": "channel.message"},
        "target": {
            "region": REGION,
            "functionName": function_name,
            "enveloped": True,
            "authentication": {
                "authenticationMode": "credentials",
                "accessKeyId": credentials.access_key_id,
                "secretAccessKey": credentials.secret_access_key,
            },
        },
    }


def _is_same(rule: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return bool(
        rule.get("ruleType") == wanted["ruleType"]
        and rule.get("source") == wanted["source"]
        and rule.get("target", {}).get("functionName") == wanted["target"]["functionName"]
    )


async def _checked(response: aiohttp.ClientResponse) -> Any:
    if not response.ok:
        msg = f"the Control API answered {response.status}; {await response.text()}"
        raise LocalError(msg)
    return await response.json()
