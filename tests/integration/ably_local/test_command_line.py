"""`python -m ably_local` as a process, and the access that its options allow."""

import asyncio
import contextlib
import json
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.raw_http import RawAnswer, exchange

DEADLINE_SECONDS = 30
ROOT = Path(__file__).parents[3]
SETUP = b'{"keys": [{}]}'


async def start(*options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ably_local", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def running(*options: str) -> AsyncIterator[dict[str, Any]]:
    """The output of a started server, once it listens."""
    process = await start(*options)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            printed = await process.stdout.readuntil(b"}")
            yield json.loads(printed)
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def refused(*options: str) -> tuple[int, str]:
    """The exit code of a refused command line, and the last line of its output."""
    process = await start(*options)
    async with asyncio.timeout(DEADLINE_SECONDS):
        _, said = await process.communicate()
    return process.returncode or 0, said.decode().strip().splitlines()[-1]


def ask(
    facts: dict[str, Any],
    target: str = "/time",
    *,
    method: str = "GET",
    body: bytes = b"",
    **given: str,
) -> RawAnswer:
    headers = {"Host": f"localhost:{facts['port']}", **given}
    return exchange(int(facts["port"]), method, target, headers.items(), body)


def sentence(answer: RawAnswer) -> str:
    return str(json.loads(answer.body)["error"]["message"])


async def test_the_command_runs_until_a_signal(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    async with running("--ready-file", str(ready), "--key", "app.key:secret") as facts:
        assert json.loads(ready.read_text()) == facts
        assert stat.S_IMODE(ready.stat().st_mode) == 0o600
        assert facts["api_key"] == "app.key:secret"
        assert ask(facts).status == 200


async def test_test_apps_are_created_only_with_provisioning() -> None:
    async with running() as facts:
        for method, target in (("POST", "/apps"), ("DELETE", f"/apps/{facts['app_id']}")):
            answer = ask(facts, target, method=method, body=SETUP)
            assert answer.status == 403
            assert "python -m ably_local --provisioning" in sentence(answer)
    async with running("--provisioning") as facts:
        answer = ask(facts, "/apps", method="POST", body=SETUP)
        assert answer.status == 201
        assert json.loads(answer.body)["appId"] != facts["app_id"]


async def test_a_page_of_an_allowed_origin_can_send_requests_and_read_answers() -> None:
    page = "https://app.test"
    async with running() as facts:
        answer = ask(facts, Origin=page)
        assert answer.status == 403
        assert sentence(answer) == (
            "a page of the origin 'https://app.test' may not call this service: "
            "to allow it, start with --allowed-origin"
        )
        assert answer.headers["Access-Control-Allow-Origin"] is None
    async with running(
        *("--allowed-origin", "https://App.test:443"),
        *("--allowed-origin", "capacitor://localhost"),
    ) as facts:
        for origin in ("https://app.test", "capacitor://localhost", "http://localhost:1"):
            answer = ask(facts, Origin=origin)
            assert answer.status == 200
            assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert ask(facts, method="OPTIONS", Origin=page).status == 204
        for other in ("http://app.test", "https://app.test:8443", "https://other.test", "null"):
            assert ask(facts, Origin=other).status == 403
        token = f"Bearer {facts['control_token']}"
        assert ask(facts, "/v1/me", Authorization=token).status == 200
        assert ask(facts, "/v1/me", Authorization=token, Origin=page).status == 403


async def test_requests_for_an_allowed_host_are_answered() -> None:
    async with running() as facts:
        answer = ask(facts, Host="10.0.2.2:8081")
        assert answer.status == 421
        assert sentence(answer).endswith(
            "not for the host '10.0.2.2:8081': to allow it, start with --allowed-host"
        )
    async with running(
        *("--allowed-host", "10.0.2.2"), *("--allowed-host", "host.docker.internal")
    ) as facts:
        for host in ("10.0.2.2:8081", "host.docker.internal", "localhost"):
            assert ask(facts, Host=host).status == 200
        assert ask(facts, Host="evil.test").status == 421
        # An allowed host does not allow pages of that name: any site may use the name.
        assert ask(facts, Host="10.0.2.2", Origin="http://10.0.2.2:8081").status == 403


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--allowed-origin", "*"), "'*' is not an origin"),
        (("--allowed-origin", "null"), "'null' is not an origin"),
        (("--allowed-origin", "https://app.test/path"), "is not an origin"),
        (("--allowed-host", "app.test:80"), "'app.test:80' is not a host"),
        (("--key", "secret"), "an API key has the form <app>.<id>:<secret>"),
    ],
)
async def test_a_wrong_option_is_an_error_message(options: tuple[str, ...], words: str) -> None:
    code, said = await refused(*options)
    assert code == 2
    assert words in said


async def test_a_ready_file_that_cannot_be_written_is_an_error_message(tmp_path: Path) -> None:
    ready, target = tmp_path / "ready.json", tmp_path / "target"
    ready.symlink_to(target)
    code, said = await refused("--ready-file", str(ready))
    assert code == 1
    assert (
        said == f"{ready} is a symbolic link: remove it, or choose another path with --ready-file"
    )
    assert not target.exists()


async def test_a_temporary_file_of_another_user_is_not_written_to(tmp_path: Path) -> None:
    # The temporary file once had the ready file's name with another suffix.
    ready, target = tmp_path / "ready.json", tmp_path / "target"
    ready.with_suffix(".draft").symlink_to(target)
    async with running("--ready-file", str(ready)) as facts:
        assert json.loads(ready.read_text()) == facts
        assert not target.exists()
