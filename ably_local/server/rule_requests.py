"""The HTTP requests of rules: invocations of a function and webhooks."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ably_local.auth.keys import Key
from ably_local.core.rules import Rule

WEBHOOK_VERSION = "1.2"


@dataclass(frozen=True, kw_only=True)
class RuleRequest:
    """One POST request."""

    url: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)


def invocation(
    rule: Rule, event: dict[str, Any], *, endpoint_url: str, credentials: Credentials
) -> RuleRequest:
    """An invocation of a function through AWS's Invoke API, signed (SigV4)."""
    name = quote(rule.function_name, safe="")
    url = f"{endpoint_url}/2015-03-31/functions/{name}/invocations"
    body = _json(event)
    request = AWSRequest(
        method="POST",
        url=url,
        data=body,
        headers={"Content-Type": "application/json", "X-Amz-Invocation-Type": "Event"},
    )
    SigV4Auth(credentials, "lambda", rule.target["region"]).add_auth(request)
    return RuleRequest(url=url, body=body, headers=dict(request.headers.items()))


def webhook(rule: Rule, events: list[dict[str, Any]], *, signing_key: Key | None) -> RuleRequest:
    """A webhook with one event or a batch of them, optionally signed with a key of the app."""
    batched = rule.request_mode == "batch"
    body = _json({"items": events} if batched else events[0])
    headers = {header["name"]: header["value"] for header in rule.target["headers"]}
    headers.update({"Content-Type": "application/json", "X-Ably-Version": WEBHOOK_VERSION})
    if batched and signing_key is not None:
        digest = hmac.new(signing_key.secret.encode(), body, hashlib.sha256).digest()
        headers["X-Ably-Key"] = signing_key.key_id
        headers["X-Ably-Signature"] = base64.b64encode(digest).decode()
    return RuleRequest(url=rule.target["url"], body=body, headers=headers)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
