"""The chat through the deployed bundle: its API, its functions, its connector's task."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.system.ports import free_port
from tests.deploy.container import build_image, containers
from tests.deploy.emulator import CREDENTIALS
from tests.deploy.stage import STATEFUL, Stage
from tests.e2e.clients import PythonClient
from tests.fixtures.waiting import eventually, first_found

pytestmark = pytest.mark.timeout(300)  # the first of them deploys

SECONDS = 20
ROW = "SELECT msg_data, is_edited FROM chat_data WHERE msg_id = %s"


@pytest.fixture
def connector(stage: Stage, tmp_path: Path) -> Iterator[Path]:
    """The connector's task, healthy; its log."""
    image = build_image(stage, tmp_path)
    here = {
        **CREDENTIALS,
        "ABLY_ENDPOINT": "localhost",
        "ABLY_PORT": str(stage.ably.port),
        "ABLY_TLS": "false",
        "CONNECTOR_HEALTH_PORT": str(free_port()),
        "DB_SSLROOTCERT": str(stage.rds.authority),
    }
    *before, relay = containers(stage, image, here)
    for container in before:
        done = container.run()
        assert done.returncode == 0, done.stdout + done.stderr
    log = tmp_path / "connector.log"
    with relay.running(log) as process:

        def healthy() -> bool:
            assert process.poll() is None, log.read_text()
            return relay.run("health").returncode == 0

        eventually(healthy, "the connector is healthy", SECONDS)
        yield log
    assert process.returncode == 0, log.read_text()


Join = Callable[[], Awaitable[PythonClient]]


@pytest.fixture
async def join(stage: Stage, connector: Path) -> AsyncIterator[Join]:  # noqa: ARG001  # runs
    """Connects clients that have their tokens from the deployed API."""
    run = {"auth_url": f"{stage.api_url}/auth", "ably": {"port": stage.ably.port}}
    clients: list[PythonClient] = []

    async def connect() -> PythonClient:
        client = PythonClient(run)
        await client.connect()
        clients.append(client)
        return client

    yield connect
    for client in clients:
        await client.close()


async def message(stage: Stage, queue: str) -> dict[str, Any]:
    """The next message of one of the stateful stack's queues, as it becomes visible."""

    url = stage.resource(queue, "AWS::SQS::Queue", stack=STATEFUL)

    async def probe() -> dict[str, Any] | None:
        found = await asyncio.to_thread(stage.queue_messages, url)
        return found[0] if found else None

    return await first_found(probe, seconds=SECONDS)


async def test_a_message_becomes_a_row_and_comes_back_to_everyone(stage: Stage, join: Join) -> None:
    author, reader = await join(), await join()
    row = await author.say("hello from the cloud")
    assert (await reader.wait_for("INSERT", "hello from the cloud"))["row"] == row
    assert row["client_id"] == author.client_id
    assert stage.rows(ROW, row["msg_id"]) == [("hello from the cloud", False)]
    page = stage.get("/messages", params={"limit": "1"}).json()["messages"]
    assert page == [row]


async def test_an_author_edits_and_deletes_and_nobody_else_does(stage: Stage, join: Join) -> None:
    author, other = await join(), await join()
    mine = (await author.say("first words"))["msg_id"]
    await other.edit(mine, "never mine")
    await other.delete(mine)
    await author.edit(mine, "second thoughts")
    changed = (await other.wait_for("UPDATE", "second thoughts"))["row"]
    assert (changed["msg_id"], changed["is_edited"]) == (mine, True)
    assert stage.rows(ROW, mine) == [("second thoughts", True)]
    await author.delete(mine)
    assert (await other.wait_for_deletion(mine))["row"] == {"msg_id": mine}
    assert stage.rows(ROW, mine) == []
    assert not [change for change in other.changes if change["row"].get("msg_data") == "never mine"]


async def test_what_can_never_succeed_waits_in_the_reject_queue(stage: Stage, join: Join) -> None:
    author = await join()
    await author.publish("chatMsg", {"username": "tester"})
    reject = json.loads((await message(stage, "IngestQueuesRejects"))["Body"])
    assert reject["original"]["clientId"] == author.client_id
    assert reject["reason"]


async def test_what_fails_at_every_attempt_waits_in_the_dead_letter_queue(
    stage: Stage, join: Join
) -> None:
    author = await join()
    await author.edit("never:0:0", "nothing to edit")
    letter = await message(stage, "IngestQueuesDeadLetters")
    assert author.client_id in letter["Body"]
    assert stage.rows(ROW, "never:0:0") == []
