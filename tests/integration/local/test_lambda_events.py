"""Asynchronous invocation: queued, retried, dead-lettered to the local SQS."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from local.services.aws import AwsServices
from tests.fixtures.waiting import first_found
from tests.integration.local.harness import Lambda, RunFunctions, function

FAST = (0.01, 0.02)


async def send_event(run: Lambda, name: str, event: dict[str, Any]) -> None:
    answer = await run.invoke(name, event, InvocationType="Event")
    assert answer.status == 202
    assert answer.payload is None


async def dead_letter(aws: AwsServices) -> Any:
    def receive() -> Any:
        answer = aws.sqs().receive_message(
            QueueUrl=aws.dead_letter_queue_url, MessageAttributeNames=["All"]
        )
        return next(iter(answer.get("Messages", [])), None)

    return await first_found(lambda: asyncio.to_thread(receive))


def lines_of(path: Path) -> list[str] | None:
    return path.read_text().splitlines() if path.exists() else None


async def calls_made(path: Path, count: int) -> list[str] | None:
    lines = lines_of(path) or []
    return lines if len(lines) >= count else None


async def test_an_event_is_accepted_before_the_function_has_run(
    run_functions: RunFunctions, tmp_path: Path
) -> None:
    async with run_functions(function("meet")) as run:
        await send_event(run, "meet", {"folder": str(tmp_path), "count": 2})
        await send_event(run, "meet", {"folder": str(tmp_path), "count": 2})
        await run.lines.wait_for("REPORT")
        assert await asyncio.to_thread(lambda: len(list(tmp_path.iterdir()))) == 2


async def test_a_failed_event_is_retried_with_the_same_request_id_until_it_succeeds(
    run_functions: RunFunctions, tmp_path: Path
) -> None:
    fail_once = function("fail_once", max_concurrency=1, retry_delays_seconds=(0.05, 0.05))
    async with run_functions(fail_once) as run:
        await send_event(run, "fail_once", {"calls": str(tmp_path / "calls")})
        first, second = await first_found(lambda: calls_made(tmp_path / "calls", 2))
        # A further retry of the first event would come before the second attempt of another.
        await send_event(run, "fail_once", {"calls": str(tmp_path / "later")})
        await first_found(lambda: calls_made(tmp_path / "later", 2))
    assert first == second
    assert lines_of(tmp_path / "calls") == [first, second]


async def test_an_event_that_fails_three_times_is_dead_lettered_in_the_format_of_aws(
    run_functions: RunFunctions, aws: AwsServices, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    fail = function(
        "fail", retry_delays_seconds=FAST, dead_letter_queue_url=aws.dead_letter_queue_url
    )
    async with run_functions(fail, sqs=aws.sqs()) as run:
        event = {"calls": str(calls)}
        await send_event(run, "fail", event)
        message = await dead_letter(aws)
    assert json.loads(message["Body"]) == event
    attributes = message["MessageAttributes"]
    assert attributes["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}
    assert attributes["ErrorMessage"]["StringValue"] == "no good "
    assert len(attributes["RequestID"]["StringValue"]) == 36
    assert lines_of(calls) == ["called"] * 3


async def test_an_event_is_not_retried_beyond_its_maximum_age(
    run_functions: RunFunctions, aws: AwsServices, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    fail = function(
        "fail",
        retry_delays_seconds=(60, 120),
        max_event_age_seconds=30,
        dead_letter_queue_url=aws.dead_letter_queue_url,
    )
    async with run_functions(fail, sqs=aws.sqs()) as run:
        started = time.monotonic()
        await send_event(run, "fail", {"calls": str(calls)})
        await dead_letter(aws)
    assert time.monotonic() - started < 20
    assert lines_of(calls) == ["called"]


async def test_a_full_event_queue_answers_429_and_a_later_call_succeeds(
    run_functions: RunFunctions, tmp_path: Path
) -> None:
    meet = function("meet", max_concurrency=1, max_queued=2, timeout_seconds=20)
    async with run_functions(meet) as run:
        event = {"folder": str(tmp_path), "count": 2}
        await send_event(run, "meet", event)
        await send_event(run, "meet", event)
        with pytest.raises(run.client.exceptions.TooManyRequestsException):
            await send_event(run, "meet", event)
        (tmp_path / "the other").touch()
        await run.lines.wait_for("REPORT")
        await send_event(run, "meet", event)


async def test_a_thousand_events_at_concurrency_four_all_run_once(
    run_functions: RunFunctions, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    note = function("fail_once", max_concurrency=4, retry_delays_seconds=())
    calls.touch()
    async with run_functions(note) as run:
        for _ in range(50):
            await asyncio.gather(
                *(send_event(run, "fail_once", {"calls": str(calls)}) for _ in range(20))
            )

        ids = await first_found(lambda: calls_made(calls, 1000), seconds=60)
    assert len(ids) == len(set(ids)) == 1000
