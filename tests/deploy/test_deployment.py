"""The deploy itself: every resource is there, and the schema with it."""

import pytest

from tests.deploy.stage import SERVICE, STATEFUL, Stage

pytestmark = pytest.mark.timeout(300)  # the first of them deploys


@pytest.mark.parametrize("stack", [STATEFUL, SERVICE])
def test_every_resource_of_a_stack_is_made(stage: Stage, stack: str) -> None:
    assert stage.status(stack) == "CREATE_COMPLETE"
    assert {each["ResourceStatus"] for each in stage.resources(stack)} == {"CREATE_COMPLETE"}


def test_the_parameters_of_the_group_are_in_force_in_postgres(stage: Stage) -> None:
    assert stage.rows("SHOW log_connections") == [("receipt,authentication,authorization",)]
    assert stage.rows("SHOW log_error_verbosity") == [("terse",)]
