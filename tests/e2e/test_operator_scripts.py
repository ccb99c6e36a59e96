"""The scripts for operators, smoke and redrive, run against a local run."""

import json
import secrets
from typing import Any

import boto3
import psycopg2
import pytest

from scripts import redrive, smoke
from tests.fixtures.ably_events import edit, envelope, write


def _rows(local_run: dict[str, Any], content: str) -> int:
    connection = psycopg2.connect(local_run["database_url"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM chat_data WHERE msg_data LIKE %s", [content])
            (count,) = cursor.fetchone() or (0,)
            return int(count)
    finally:
        connection.close()


def _smoke(local_run: dict[str, Any], *more: str) -> int:
    ably = local_run["ably"]
    api = local_run["page_url"].rstrip("/")
    return smoke.main(["--api", api, "--ably", f"{ably['host']}:{ably['port']}", *more])


def test_smoke_reports_how_long_a_message_took_and_leaves_nothing(
    local_run: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _smoke(local_run) == 0
    said = capsys.readouterr().out.splitlines()
    assert " gives a token for clientId-" in said[0]
    assert said[1] == "published on outgoing-chat"
    assert said[2].startswith("came back on incoming-chat as row ")
    assert said[2].endswith(" ms")
    assert said[3] == "deleted again"
    assert _rows(local_run, "smoke test %") == 0


def test_smoke_says_which_step_failed(local_run: dict[str, Any]) -> None:
    # With no time to wait, the message may or may not have reached Postgres; both are reported.
    with pytest.raises(SystemExit, match=r"(is in|did not reach) Postgres.* within 0 s: (?s:.)*#"):
        _smoke(local_run, "--seconds", "0")
    with pytest.raises(SystemExit, match=r"Ably refuses \(40160\)"):
        _smoke(local_run, "--incoming", "another-channel")


@pytest.mark.parametrize(
    ("api", "said"),
    [("http://127.0.0.1:9", "gives no answer"), ("{page}/nothing", "answers 404")],
)
def test_smoke_says_what_to_check_when_there_is_no_token(
    local_run: dict[str, Any], api: str, said: str
) -> None:
    page = local_run["page_url"].rstrip("/")
    with pytest.raises(SystemExit, match=said):
        smoke.main(["--api", api.format(page=page), "--seconds", "1"])


def test_a_stage_that_cannot_be_read_is_an_error_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {
        "AWS_ENDPOINT_URL_CLOUDFORMATION": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for script in (smoke, redrive):
        with pytest.raises(SystemExit, match=r"dev-stateful .* is the stage deployed"):
            script.main(["--stage", "dev"])


@pytest.fixture
def queue(local_run: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A dead-letter queue of the local run; boto3's clients connect to its service."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", local_run["sqs_endpoint_url"])
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", local_run["lambda_endpoint_url"])
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", local_run["aws_access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", local_run["aws_secret_access_key"])
    queue = boto3.resource("sqs").create_queue(QueueName=f"dead-{secrets.token_hex(4)}")  # type: ignore[no-untyped-call,unused-ignore]
    yield queue
    queue.delete()


def test_redrive_only_lists_events_without_the_option_to_send(
    local_run: dict[str, Any], queue: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    content = f"late {secrets.token_hex(4)}"
    queue.send_message(MessageBody=json.dumps(envelope(write(content))))
    assert redrive.redrive(queue.url, "ingest", send=False, limit=100) == 0
    said = capsys.readouterr().out
    assert "chatMsg" in said
    assert "1 dead letter(s); nothing was changed" in said
    assert content not in said
    assert _rows(local_run, content) == 0


def test_redrive_sends_events_to_ingest_and_keeps_those_that_fail_again(
    local_run: dict[str, Any], queue: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    content = f"late {secrets.token_hex(4)}"
    queue.send_message(MessageBody=json.dumps(envelope(edit(f"never:{secrets.token_hex(4)}:0"))))
    queue.send_message(MessageBody=json.dumps(envelope(write(content))))
    assert redrive.redrive(queue.url, "ingest", send=True, limit=100) == 1
    said = capsys.readouterr().out
    assert "failed again, EditBeforeMessageError" in said
    assert "2 dead letter(s); 1 failed again" in said
    assert _rows(local_run, content) == 1
    queue.load()
    left = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    assert sum(int(queue.attributes[name]) for name in left) == 1
