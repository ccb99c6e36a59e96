"""Sends one message through a deployed stage as a browser does, and waits for it to come back.

Publishes on the outgoing channel with a token of the stage's own /auth, waits for the row on the
incoming channel, tells how long Ably, ingest, Postgres and the connector took together, and deletes
the message again.
"""

import argparse
import asyncio
import json
import secrets
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from ably import AblyRest
from ably.util.exceptions import AblyException

from scripts.deployed import NotDeployedError, outputs

_POLL_SECONDS = 0.25


class SmokeError(Exception):
    """The round trip failed; the message says where, and what to look at."""


def main(arguments: list[str]) -> int:
    """Make one round trip."""
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    parser.add_argument("--stage", choices=("dev", "prod"), help="reads the API's address from AWS")
    parser.add_argument("--api", help="the API's address, instead of the stage's")
    parser.add_argument("--seconds", type=float, default=60, help="how long to wait (60)")
    parser.add_argument("--outgoing", default="outgoing-chat")
    parser.add_argument("--incoming", default="incoming-chat")
    parser.add_argument("--bearer", help="file with a JWT, where the stage asks for a login")
    parser.add_argument("--ably", help="host:port of a local Ably, without TLS")
    options = parser.parse_args(arguments)
    if not (options.stage or options.api):
        parser.error("either --stage or --api is needed")
    try:
        api = options.api or outputs(options.stage)["ApiUrl"]
        asyncio.run(_round_trip(api.rstrip("/"), options))
    except (NotDeployedError, SmokeError) as error:
        sys.exit(str(error))
    return 0


async def _round_trip(api: str, options: argparse.Namespace) -> None:
    headers = {}
    if options.bearer:
        with open(options.bearer, encoding="utf-8") as file:  # noqa: ASYNC230, PTH123  # once, at the start
            headers["authorization"] = f"Bearer {file.read().strip()}"
    token_request = _get(f"{api}/auth", headers)
    print(f"{api}/auth gives a token for {token_request['clientId']}")

    async def token(_parameters: Any) -> dict[str, Any]:
        return token_request

    where: dict[str, Any] = {}
    if options.ably:
        host, _, port = options.ably.partition(":")
        where = {"endpoint": host, "port": int(port), "tls": False}
    content = f"smoke test {secrets.token_hex(8)}"
    async with AblyRest(auth_callback=token, **where) as ably:
        outgoing = ably.channels.get(options.outgoing)
        incoming = ably.channels.get(options.incoming)
        try:
            await outgoing.publish("chatMsg", {"username": "smoke test", "content": content})
            print(f"published on {options.outgoing}")
            message, row = await _wait(incoming, "INSERT", "msg_data", content, options.seconds)
        except AblyException as exc:
            raise SmokeError(f"Ably refuses ({exc.code}): {exc.message}") from exc
        except TimeoutError:
            raise SmokeError(_diagnosis(api, headers, content, options)) from None
        took = message.timestamp - row["created_at_timestamp"]
        print(f"came back on {options.incoming} as row {row['incremental_record_id']}: {took} ms")
        await outgoing.publish("deletedMsg", {"msgIdToDelete": row["msg_id"]})
        try:
            await _wait(incoming, "DELETE", "msg_id", row["msg_id"], options.seconds)
        except TimeoutError:
            raise SmokeError("the message came back, but its deletion did not") from None
        print("deleted again")


async def _wait(
    channel: Any, operation: str, column: str, value: str, seconds: float
) -> tuple[Any, dict[str, Any]]:
    """The change of one row, as the channel's last two minutes have it.

    Raises:
        TimeoutError: it did not come in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for message in (await channel.history(limit=100)).items:
            row = json.loads(message.data)["row"] if message.name == operation else {}
            if row.get(column) == value:
                return message, row
        await asyncio.sleep(_POLL_SECONDS)
    raise TimeoutError


def _get(url: str, headers: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # the stage's own address
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  # the same
            return dict(json.load(answer))
    except urllib.error.HTTPError as exc:
        with exc:
            hint = {401: "the stage asks for a login, see --bearer", 403: "a web ACL refuses"}.get(
                exc.code, "docs/operations.md#api-errors; is the Ably key in its secret?"
            )
            raise SmokeError(f"{url} answers {exc.code}: {hint}") from exc
    except (OSError, ValueError) as exc:
        raise SmokeError(f"{url} gives no answer: {exc}") from exc


def _diagnosis(api: str, headers: dict[str, str], content: str, options: argparse.Namespace) -> str:
    """Which half of the way the message did not take."""
    rows = _get(f"{api}/messages?limit=50", headers)["messages"]
    if any(row["msg_data"] == content for row in rows):
        return (
            f"the message is in Postgres, and did not come back within {options.seconds:g} s: "
            "docs/operations.md#connector-silent"
        )
    return (
        f"the message did not reach Postgres within {options.seconds:g} s: is there a rule for "
        f"{options.outgoing} (output AblyRuleId, or those that say what to enter) that names this "
        "stage's function? docs/operations.md#ingest-errors"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
