"""Updates that fail: the rollback takes the stack to the release before, and that goes on working.

CloudFormation then sends custom resources an Update with the old properties: the steps of the
deploy run again as of the release before, for the cause that the update has failed for.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deploy.emulated.marks import BREAKER, TASK_FAILS
from tests.deploy.emulator import ROOT
from tests.deploy.stage import SERVICE, Stage
from tests.deploy.test_bad_deploys import OTHERS_KEY, WRONG_TOKEN
from tests.deploy.test_release import copy_of_the_app, migrations
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.timeout(300)  # the first of them deploys

CONTINUES = "resource change failed, rollback continues"


@pytest.fixture
def put_back(stage: Stage) -> Iterator[Stage]:
    """Stage dev, deployed; its secrets and its schema are put back at the end."""
    before = migrations(stage)
    yield stage
    stage.fill_secrets()
    stage.rows("ALTER TABLE chat_data DROP COLUMN IF EXISTS mood; SELECT 1")
    stage.rows("DELETE FROM chat_migration WHERE number > %s RETURNING 1", len(before))


@pytest.fixture(scope="module")
def changed(session_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that changes the auth function and the rule."""
    output = tmp_path_factory.mktemp("changed") / "assembly"
    return session_stage.synthesize(ROOT, output, outgoing_channel="outgoing-2")


def what_the_update_says(stage: Stage, assembly: Path) -> str:
    """Deploy in vain; the release before is there again."""
    functions = len(stage.emulator.client("lambda").list_functions()["Functions"])
    result = stage.attempt_service(assembly)
    assert result.returncode != 0
    assert stage.status(SERVICE) == "UPDATE_ROLLBACK_COMPLETE", stage.failures(SERVICE)
    assert len(stage.emulator.client("lambda").list_functions()["Functions"]) == functions
    assert len(rules(stage)) == 1
    return result.stdout


def rules(stage: Stage) -> list[dict[str, Any]]:
    """Those that the Control API lists."""
    answer = httpx.get(
        f"{stage.ably.control_api_url}/apps/{stage.ably.app_id}/rules",
        headers={"authorization": f"Bearer {stage.ably.control_token}"},
    )
    found: list[dict[str, Any]] = answer.raise_for_status().json()
    return found


def say(stage: Stage, text: str) -> None:
    """Publish a message on the rule's channel, and wait for its row."""
    name, _, secret = stage.ably.api_key.partition(":")
    answer = httpx.post(
        f"http://localhost:{stage.ably.port}/channels/outgoing-chat/messages",
        auth=(name, secret),
        json={
            "name": "chatMsg",
            "clientId": "tester",
            "data": {"username": "tester", "content": text},
        },
    )
    assert answer.status_code == 201, answer.text
    row = "SELECT 1 FROM chat_data WHERE msg_data = %s"
    eventually(lambda: stage.rows(row, text) == [(1,)], "the message is a row", 20)


def logged(stage: Stage, logs: str, level: str) -> list[dict[str, Any]]:
    return [line for line in stage.log(logs) if line.get("level") == level]


def let_through(stage: Stage, logs: str) -> int:
    """How often a function has let a rollback go on."""
    return [line["message"] for line in logged(stage, logs, "ERROR")].count(CONTINUES)


def test_a_release_whose_connector_does_not_start_leaves_its_schema_and_the_release_before(
    put_back: Stage, tmp_path: Path
) -> None:
    stage = put_back
    before = migrations(stage)
    release = copy_of_the_app(tmp_path / "release")
    name = f"{len(before) + 1:04}_add_mood"
    (release / "lambdas" / "migrate" / "sql" / f"{name}.sql").write_text(
        "ALTER TABLE public.chat_data ADD COLUMN mood text;\n"
    )
    connector = release / "infra" / "connector.py"
    text = connector.read_text()
    connector.write_text(text.replace('"STAGE": ', f'"{TASK_FAILS}": "true", "STAGE": '))
    assert connector.read_text() != text
    said = what_the_update_says(stage, stage.synthesize(release, tmp_path / "assembly"))
    assert BREAKER in said
    assert migrations(stage) == [*before, name]
    ahead = [line["migration"] for line in logged(stage, "Migrate", "WARNING")]
    assert ahead == [name]
    assert not logged(stage, "DeploySteps", "ERROR")
    say(stage, "written by the release before")
    page = stage.get("/messages", params={"limit": "1"}).json()["messages"]
    assert page[0]["msg_data"] == "written by the release before"


def test_a_key_that_cannot_be_used_fails_the_update_and_not_its_rollback(
    put_back: Stage, changed: Path
) -> None:
    put_back.fill_secrets(api_key=OTHERS_KEY)
    said = what_the_update_says(put_back, changed)
    assert "belongs to the app 'another'" in said
    assert let_through(put_back, "DeploySteps") == 1


def test_a_token_that_ably_refuses_fails_the_update_and_not_its_rollback(
    put_back: Stage, changed: Path
) -> None:
    put_back.fill_secrets(control_token=WRONG_TOKEN)
    said = what_the_update_says(put_back, changed)
    assert "Ably refused the access token" in said
    assert let_through(put_back, "AblyRule") == 1
    say(put_back, "carried by the rule of the release before")


def test_the_release_that_failed_can_be_deployed_once_its_cause_is_gone(
    put_back: Stage, changed: Path
) -> None:
    put_back.deploy(changed, SERVICE)
    (rule,) = rules(put_back)
    assert rule["source"]["channelFilter"] == "^outgoing-2$"
    put_back.deploy(put_back.assembly, SERVICE)
