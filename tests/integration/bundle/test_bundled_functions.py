"""The assets, not the source tree, do the chat's work under AWS's runtime client, on Postgres."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.functions.bundling import FUNCTIONS
from tests.fixtures.ably_events import delete, edit, envelope, write
from tests.fixtures.aws import Aws
from tests.integration.bundle.conftest import Chat

ROOT = Path(__file__).parents[3]
# The SDK in AWS's Python runtime, and what it imports.
LAMBDA_BRINGS = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")

CONTENTS = "SELECT msg_id, msg_data, is_edited FROM chat_data ORDER BY incremental_record_id"


async def test_messages_become_rows_and_edits_and_deletions_change_them(chat: Chat) -> None:
    first, second = write("one", id="a:0:0"), write("two", id="a:1:0")
    answer = await chat.invoke("ingest", envelope(first, second))
    assert answer.payload == {"messages": 2, "rejected": 0}
    await chat.invoke("ingest", envelope(edit("a:0:0", "uno"), delete("a:1:0")))
    assert chat.rows(CONTENTS) == [("a:0:0", "uno", True)]


async def test_a_repeated_delivery_changes_nothing(chat: Chat) -> None:
    event = envelope(write("once", id="b:0:0"))
    for _ in range(3):
        assert not (await chat.invoke("ingest", event)).failed
    assert chat.rows(CONTENTS) == [("b:0:0", "once", False)]


async def test_what_can_never_succeed_is_rejected_with_its_reason(chat: Chat, aws: Aws) -> None:
    answer = await chat.invoke("ingest", envelope(write("good", id="c:0:0"), {"name": "unknown"}))
    assert answer.payload == {"messages": 2, "rejected": 1}
    (reject,) = aws.receive_all(chat.reject_queue_url)
    assert reject["reason"]
    assert [row[0] for row in chat.rows(CONTENTS)] == ["c:0:0"]


async def test_history_answers_an_http_request_with_what_ingest_wrote(chat: Chat) -> None:
    await chat.invoke("ingest", envelope(write("hello", id="d:0:0")))
    request = {
        "version": "2.0",
        "routeKey": "GET /messages",
        "rawPath": "/messages",
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"http": {"method": "GET", "path": "/messages"}},
    }
    answer = await chat.invoke("history", request)
    assert answer.payload["statusCode"] == 200
    (row,) = json.loads(answer.payload["body"])["messages"]
    assert (row["msg_id"], row["msg_data"]) == ("d:0:0", "hello")


async def test_the_code_that_ran_is_that_of_the_asset(chat: Chat, assets: dict[str, Path]) -> None:
    # An edit without its message raises: the trace tells where the running code lies.
    answer = await chat.invoke("ingest", envelope(edit("never:0:0")))
    assert answer.failed
    assert answer.payload["errorType"] == "EditBeforeMessageError"
    trace = "".join(answer.payload["stackTrace"])
    assert f"{assets['ingest']}/lambdas/ingest/handler.py" in trace
    assert f"{assets['ingest']}/aws_lambda_powertools/" in trace


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_asset_needs_nothing_but_the_sdk_that_lambda_brings(
    assets: dict[str, Path], tmp_path: Path, function: str
) -> None:
    for package in LAMBDA_BRINGS:
        origin = importlib.util.find_spec(package)
        assert origin is not None
        assert origin.origin is not None
        path = Path(origin.origin)
        source = path.parent if path.name == "__init__.py" else path
        (tmp_path / source.name).symlink_to(source)
    program = (
        f"import sys, lambdas.{function}.handler; "
        "print(*(getattr(m, '__file__', None) or '' for m in [*sys.modules.values()]), sep='\\n')"
    )
    result = subprocess.run(
        # Without `site` there are no installed packages: only the asset, the SDK, and Python's own.
        [sys.executable, "-S", "-c", program],
        cwd=tmp_path,
        env={
            "PYTHONPATH": os.pathsep.join((str(assets[function]), str(tmp_path))),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    loaded = result.stdout.splitlines()
    assert f"{assets[function]}/lambdas/{function}/handler.py" in loaded
    assert not [path for path in loaded if path.startswith(f"{ROOT}/lambdas")]
    if function in {"history", "ingest", "migrate"}:
        assert f"{assets[function]}/psycopg2/__init__.py" in loaded
