"""Deploys that cannot succeed: each fails, is rolled back, and its event says what to do.

They come before the others, onto a stateful stack that these use in their turn.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.deploy.stage import SERVICE, Stage
from tests.fixtures.ably import LocalAbly
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.timeout(300)  # the first of them deploys the stateful stack

SECONDS = 120
OTHERS_KEY = "another.key:secret-of-another"
WRONG_TOKEN = "a-token-that-nobody-has-made"


@pytest.fixture
def bare(session_stage: Stage) -> Stage:
    """Stage dev without its service stack."""
    session_stage.ensure_bare()
    return session_stage


@pytest.fixture
def empty(session_stage: Stage) -> Stage:
    """The same, and nobody has filled its secrets yet."""
    session_stage.ensure_bare(with_empty_secrets=True)
    return session_stage


def what_a_deploy_says(stage: Stage) -> str:
    """Deploy in vain; nothing of it is left."""
    result = stage.attempt_service()
    assert result.returncode != 0
    assert stage.status(SERVICE) == "ROLLBACK_COMPLETE"
    functions = stage.emulator.client("lambda").list_functions()["Functions"]
    assert not [function for function in functions if function["FunctionName"].startswith(SERVICE)]
    said = result.stdout
    told = said + stage.emulator.log.read_text(errors="replace")
    for secret in (WRONG_TOKEN, OTHERS_KEY, stage.ably.control_token, stage.ably.api_key):
        assert secret not in told
    return said


def put_command(stage: Stage, output: str, file: str) -> str:
    return f"put-secret-value --secret-id {stage.secret(output)} --secret-string file://{file}"


def test_without_an_api_key(empty: Stage) -> None:
    said = what_a_deploy_says(empty)
    assert "the Ably API key cannot be used" in said
    assert put_command(empty, "AblyApiKeySecretArn", "key") in said


def test_without_a_token_of_the_control_api(empty: Stage) -> None:
    empty.fill_secret("AblyApiKeySecretArn", empty.ably.api_key)
    said = what_a_deploy_says(empty)
    assert "the access token of Ably's Control API cannot be read" in said
    assert put_command(empty, "AblyControlTokenSecretArn", "token") in said


def test_with_the_key_of_another_app(bare: Stage) -> None:
    bare.fill_secrets(api_key=OTHERS_KEY)
    said = what_a_deploy_says(bare)
    assert f"belongs to the app 'another', but ably_app_id is '{bare.ably.app_id}'" in said


def test_with_a_token_that_ably_refuses(bare: Stage) -> None:
    bare.fill_secrets(control_token=WRONG_TOKEN)
    said = what_a_deploy_says(bare)
    assert "Ably refused the access token" in said
    assert "read:rule and write:rule" in said


@pytest.fixture
def other_account(session_stage: Stage) -> Iterator[LocalAbly]:
    """Another account's Ably in the place of the stage's own."""
    session_stage.ably.stop()
    other = LocalAbly(port=session_stage.ably.port)
    other.start()
    yield other
    other.close()
    session_stage.ably.start()


def test_with_a_token_of_another_account(bare: Stage, other_account: LocalAbly) -> None:
    bare.fill_secrets(control_token=other_account.control_token)
    said = what_a_deploy_says(bare)
    assert f"Ably knows no app '{bare.ably.app_id}' in the account of the access token" in said
    assert "set ably_app_id to the part of the API key in front of its first dot" in said


def test_while_the_control_api_fails(bare: Stage) -> None:
    bare.fill_secrets()
    fault = bare.ably.fault("fail", path="^/v1/", status=503, times=5)
    said = what_a_deploy_says(bare)
    assert fault.hits == 5
    assert "is not available (status 503)" in said
    assert "check status.ably.com and the setting ably_control_api_url" in said


def test_while_nothing_answers_for_the_control_api(bare: Stage) -> None:
    bare.fill_secrets()
    bare.ably.stop()
    with ThreadPoolExecutor() as pool:
        said = pool.submit(what_a_deploy_says, bare)
        # It is back before the roll back, which would wait for it as long again.
        eventually(
            lambda: said.done() or bool(bare.failures(SERVICE)), "the rule has failed", SECONDS
        )
        bare.ably.start()
    assert "Connection refused" in said.result()
    assert "check status.ably.com and the setting ably_control_api_url" in said.result()
