"""The option sets are all that they should be, and each of them can be deployed."""

import itertools
import json

import pytest

from infra.settings.cross_checks import ENDPOINTS
from infra.settings.fields import flag
from infra.settings.stage import StageConfig, declared_settings
from tests.infra.option_sets import OPTION_SETS, QUALIFIER
from tests.infra.synthesis import Stage

CONFIGS = [
    StageConfig.from_context({"stage": chosen.stage, **chosen.settings})
    for chosen in OPTION_SETS.values()
]
DEFAULT_QUALIFIER = "hnb659fds"


def test_each_subset_of_the_endpoints_and_each_number_of_nat_gateways_is_in_one() -> None:
    subsets = {
        chosen
        for size in range(len(ENDPOINTS) + 1)
        for chosen in itertools.combinations(sorted(ENDPOINTS), size)
    }
    assert {tuple(sorted(config.vpc_endpoints)) for config in CONFIGS} == subsets
    assert {config.nat_gateways for config in CONFIGS} == {0, 1, 2}


@pytest.mark.parametrize(
    "name", [name for name, setting in declared_settings().items() if setting.parser is flag]
)
def test_each_flag_is_on_in_one_and_off_in_another(name: str) -> None:
    assert {getattr(config, name) for config in CONFIGS} == {True, False}


@pytest.mark.parametrize(
    "name",
    [name for name, setting in declared_settings().items() if "none" in setting.defaults.values()],
)
def test_each_optional_setting_is_set_in_one_and_not_in_another(name: str) -> None:
    assert {bool(getattr(config, name)) for config in CONFIGS} == {True, False}


def test_nothing_is_found_in_any_but_the_missing_rule(option_set: Stage) -> None:
    reports = json.loads((option_set.folder / "validation-report.json").read_text())
    found = {
        violation["ruleName"]
        for report in reports["pluginReports"]
        for violation in report["violations"]
    }
    assert found <= {"Annotation::ably-postgres:no-ably-identity"}


def test_another_bootstrap_is_meant_everywhere_or_nowhere(option_set: Stage) -> None:
    texts = [
        path.read_text()
        for pattern in ("*.template.json", "*.assets.json", "manifest.json")
        for path in option_set.folder.glob(pattern)
    ]
    assert len(texts) == 5
    qualifiers = {
        name for name in (DEFAULT_QUALIFIER, QUALIFIER) if any(name in text for text in texts)
    }
    settings = option_set.settings.keys() & {
        "bootstrap_qualifier",
        "@aws-cdk/core:bootstrapQualifier",
    }
    assert qualifiers == {QUALIFIER if settings else DEFAULT_QUALIFIER}
    (manifest,) = [text for text in texts if '"aws:cloudformation:stack"' in text]
    stacks = [
        artifact["properties"]
        for artifact in json.loads(manifest)["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
    assert len(stacks) == 2
    for stack in stacks:
        used = stack["bootstrapStackVersionSsmParameter"].split("/")[2]
        assert {used} == qualifiers
