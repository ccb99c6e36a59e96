"""Synchronous invocation through boto3, of handlers under AWS's own runtime client."""

import asyncio
import json
import time
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.fixtures.waiting import first_found
from tests.integration.local.harness import RunFunctions, function


async def test_boto3_gets_the_result_and_the_handler_gets_its_context(
    run_functions: RunFunctions,
) -> None:
    echo = function("echo", environment={"SETTING": "here"}, timeout_seconds=20)
    async with run_functions(echo) as run:
        answer = await run.invoke("echo", {"greeting": "hällo"})
    assert answer.status == 200
    assert answer.error is None
    payload = answer.payload
    assert payload["event"] == {"greeting": "hällo"}
    assert payload["function"] == "echo"
    assert payload["arn"] == "arn:aws:lambda:eu-west-1:123456789012:function:echo"
    assert 10_000 < payload["remaining_ms"] <= 20_000
    assert payload["trace"].startswith("Root=1-")
    assert payload["setting"] == "here"
    assert payload["region"] == "eu-west-1"
    assert payload["home"] is None, "a variable of this machine reached the handler"


async def test_a_worker_is_reused_and_its_output_carries_the_function_name(
    run_functions: RunFunctions,
) -> None:
    async with run_functions(function("echo")) as run:
        first = await run.invoke("echo")
        second = await run.invoke("echo")
        assert first.payload["pid"] == second.payload["pid"]
        source, _ = await run.lines.wait_for("echo was called by")
        assert source == "echo"
        await run.lines.wait_for("REPORT RequestId:")


async def test_a_function_can_be_named_by_a_full_or_partial_arn(
    run_functions: RunFunctions,
) -> None:
    async with run_functions(function("echo")) as run:
        whole = await run.invoke("arn:aws:lambda:eu-west-1:123456789012:function:echo")
        partial = await run.invoke("123456789012:function:echo")
        assert whole.status == partial.status == 200
        with pytest.raises(run.client.exceptions.ResourceNotFoundException):
            await run.invoke("echo:production")


async def test_an_exception_of_the_handler_is_an_unhandled_function_error(
    run_functions: RunFunctions,
) -> None:
    async with run_functions(function("fail")) as run:
        answer = await run.invoke("fail")
    assert answer.status == 200
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "ValueError"
    assert answer.payload["errorMessage"] == "no good "
    assert answer.payload["stackTrace"]


async def test_an_error_too_long_for_one_chunk_arrives_whole(run_functions: RunFunctions) -> None:
    async with run_functions(function("fail")) as run:
        answer = await run.invoke("fail", {"times": 50_000})
    assert answer.payload["errorMessage"] == "no good " * 50_000


async def test_an_invocation_over_its_timeout_is_killed_and_the_next_gets_a_new_worker(
    run_functions: RunFunctions,
) -> None:
    async with run_functions(function("hang", timeout_seconds=0.5)) as run:
        old = await run.invoke("hang")
        started = time.monotonic()
        late = await run.invoke("hang", {"seconds": 60})
        assert time.monotonic() - started < 5
        new = await run.invoke("hang")
    assert late.error == "Unhandled"
    assert "Task timed out after 0.50 seconds" in late.payload["errorMessage"]
    assert new.error is None
    assert new.payload != old.payload


@pytest.mark.parametrize(("how", "words"), [("exit", "exit status 3"), ("kill", "signal: 9")])
async def test_a_crash_affects_only_its_own_invocation(
    run_functions: RunFunctions, how: str, words: str
) -> None:
    async with run_functions(function("crash")) as run:
        old = await run.invoke("crash")
        crashed = await run.invoke("crash", {"how": how})
        new = await run.invoke("crash")
    assert crashed.error == "Unhandled"
    assert crashed.payload["errorType"] == "Runtime.ExitError"
    assert words in crashed.payload["errorMessage"]
    assert new.error is None
    assert new.payload != old.payload


@pytest.mark.parametrize(
    ("handler", "error_type", "words"),
    [
        ("broken.handler", "RuntimeError", "this module is broken"),
        ("absent.handler", "Runtime.ImportModuleError", "No module named 'absent'"),
        ("sample.absent", "Runtime.HandlerNotFound", "Handler 'absent' missing"),
    ],
)
async def test_a_handler_that_cannot_be_loaded_is_the_error_of_each_invocation(
    run_functions: RunFunctions, handler: str, error_type: str, words: str
) -> None:
    broken = function(handler, prewarm=True)
    async with run_functions(broken) as run:
        answers = [await run.invoke(broken.name) for _ in range(2)]
    for answer in answers:
        assert answer.error == "Unhandled"
        assert answer.payload["errorType"] == error_type
        assert words in answer.payload["errorMessage"]


async def test_invocations_run_concurrently_up_to_the_limit_of_the_function(
    run_functions: RunFunctions, tmp_path: Path
) -> None:
    async with run_functions(function("meet", max_concurrency=3)) as run:
        event = {"folder": str(tmp_path), "count": 3}
        answers = await asyncio.gather(*(run.invoke("meet", event) for _ in range(6)))
    assert [answer.error for answer in answers] == [None] * 6
    assert len({answer.payload for answer in answers}) == 3


async def test_a_waiting_invocation_takes_the_first_free_worker_not_the_one_that_it_started(
    run_functions: RunFunctions, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    slow = function("slow_second.meet", environment={"FIRST": str(tmp_path / "first")})
    async with run_functions(slow) as run:
        first = asyncio.create_task(run.invoke("meet", {"gate": str(gate)}))
        await run.lines.wait_for("waiting at the gate")
        second = asyncio.create_task(run.invoke("meet", {"gate": str(gate)}))
        await run.lines.wait_for("the second loads slowly")
        gate.touch()
        answers = await asyncio.gather(first, second)
    assert len({answer.payload for answer in answers}) == 1


async def test_an_invocation_beyond_the_waiting_limit_gets_429(
    run_functions: RunFunctions, tmp_path: Path
) -> None:
    meet = function("meet", max_concurrency=1, max_waiting=0, timeout_seconds=20)
    async with run_functions(meet) as run:
        event = {"folder": str(tmp_path), "count": 2}
        running = asyncio.create_task(run.invoke("meet", event))
        await first_found(lambda: asyncio.to_thread(lambda: next(tmp_path.iterdir(), None)))
        with pytest.raises(run.client.exceptions.TooManyRequestsException):
            await run.invoke("meet", event)
        (tmp_path / "the other").touch()
        assert (await running).error is None


async def test_payloads_and_answers_over_the_limits_of_lambda_are_refused(
    run_functions: RunFunctions,
) -> None:
    async with run_functions(function("echo"), function("large")) as run:
        too_large = {"text": "x" * 6 * 1024 * 1024}
        with pytest.raises(run.client.exceptions.RequestTooLargeException):
            await run.invoke("echo", too_large)
        with pytest.raises(run.client.exceptions.RequestTooLargeException):
            await run.invoke("echo", {"text": "x" * 256 * 1024}, InvocationType="Event")
        answer = await run.invoke("large", {"bytes": 6 * 1024 * 1024})
        assert answer.payload["errorType"] == "Function.ResponseSizeTooLarge"
        assert len((await run.invoke("large", {"bytes": 1024 * 1024})).payload) == 1024 * 1024


async def test_bad_requests_get_the_errors_that_boto3_knows(run_functions: RunFunctions) -> None:
    async with run_functions(function("echo")) as run:
        with pytest.raises(run.client.exceptions.ResourceNotFoundException):
            await run.invoke("nobody")
        with pytest.raises(run.client.exceptions.InvalidRequestContentException):
            await asyncio.to_thread(
                lambda: run.client.invoke(FunctionName="echo", Payload=b"{not json")
            )
        dry = await run.invoke("echo", InvocationType="DryRun")
        assert dry.status == 204


async def test_the_runtime_api_refuses_an_answer_to_another_invocation(
    run_functions: RunFunctions, tmp_path: Path
) -> None:
    async with run_functions(function("meet")) as run:
        running = asyncio.create_task(run.invoke("meet", {"folder": str(tmp_path), "count": 2}))
        there = await first_found(lambda: asyncio.to_thread(lambda: next(tmp_path.iterdir(), None)))
        address = psutil.Process(int(there.name)).environ()["AWS_LAMBDA_RUNTIME_API"]
        url = f"http://{address}/2018-06-01/runtime/invocation/made-up/response"
        async with aiohttp.ClientSession() as session, session.post(url, data=b"{}") as response:
            assert response.status == 400
            assert json.loads(await response.text())["errorType"] == "InvalidRequestID"
        (tmp_path / "the other").touch()
        assert (await running).payload == int(there.name)


async def test_a_fixed_handler_is_loaded_at_the_next_invocation(
    run_functions: RunFunctions, tmp_path: Path
) -> None:
    switch = tmp_path / "mended"
    async with run_functions(
        function("mendable.handler", environment={"MENDED": str(switch)})
    ) as run:
        broken = await run.invoke("handler")
        assert broken.payload["errorMessage"] == "not mended yet"
        switch.touch()
        assert (await run.invoke("handler")).payload == "mended"
