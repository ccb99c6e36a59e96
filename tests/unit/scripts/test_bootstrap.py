"""`make bootstrap`: the options of `cdk bootstrap` that belong to the stage's setting."""

import pytest

from infra.settings.fields import ConfigError
from scripts.bootstrap import qualified


def test_without_the_setting_the_cdk_decides() -> None:
    assert qualified(["-c", "stage=dev"]) == []


@pytest.mark.parametrize(
    "context",
    [
        ["-c", "stage=dev", "-c", "bootstrap_qualifier=team1"],
        ["--context", "stage=dev", "--context=bootstrap_qualifier=team1"],
    ],
)
def test_a_bootstrap_of_another_qualifier_has_a_stack_of_its_own(context: list[str]) -> None:
    options = ["--qualifier", "team1", "--toolkit-stack-name", "CDKToolkit-team1"]
    assert qualified([*context, "--trust", "123456789012"]) == options


def test_the_stacks_name_may_be_another() -> None:
    given = ["-c", "stage=dev", "-c", "bootstrap_qualifier=team1", "--toolkit-stack-name", "ours"]
    assert qualified(given) == ["--qualifier", "team1"]


def test_a_qualifier_that_deploys_would_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"set bootstrap_qualifier=team1 in cdk\.json"):
        qualified(["-c", "stage=dev", "--qualifier", "team1"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "stage must be chosen"),
        (["-c", "stage=dev", "-c", "bootstrap_qualifier=Team_1"], "bootstrap_qualifier must be"),
    ],
)
def test_wrong_settings_are_said(given: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        qualified(given)
