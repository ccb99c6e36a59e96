"""The stacks of every option set, each synthesized once."""

from collections.abc import Callable

import pytest

from tests.infra.option_sets import OPTION_SETS
from tests.infra.synthesis import Stage, synthesize

Synthesized = Callable[[str], Stage]


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The stacks of an option set, by its name."""
    made: dict[str, Stage] = {}

    def stage(name: str) -> Stage:
        if name not in made:
            chosen = OPTION_SETS[name]
            made[name] = synthesize(tmp_path_factory.mktemp("set"), chosen.stage, **chosen.settings)
        return made[name]

    return stage


@pytest.fixture(params=OPTION_SETS)
def option_set(request: pytest.FixtureRequest, synthesized: Synthesized) -> Stage:
    """Each option set in turn: what a rule holds for."""
    return synthesized(request.param)


@pytest.fixture(scope="session")
def dev(synthesized: Synthesized) -> Stage:
    """Stage dev with nothing configured."""
    return synthesized("dev")


@pytest.fixture(scope="session")
def prod(synthesized: Synthesized) -> Stage:
    """Stage prod with all that can be configured."""
    return synthesized("prod")


@pytest.fixture(scope="session")
def queued(synthesized: Synthesized) -> Stage:
    """Stage dev by the other choices."""
    return synthesized("queued")
