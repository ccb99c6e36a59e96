"""Rule: RDS takes every parameter that a parameter group sets."""

from tests.fixtures.rds_parameters import refusal
from tests.infra.synthesis import Stage

GROUPS = ("AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup")


def test_rds_takes_every_parameter(option_set: Stage) -> None:
    groups = option_set.of_type(*GROUPS)
    assert groups
    refused = [
        sentence
        for group in groups
        for name, value in group.properties["Parameters"].items()
        if (sentence := refusal(group.properties["Family"], name, value))
    ]
    assert not refused
