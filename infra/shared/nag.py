"""cdk-nag's AwsSolutions rules, and the one way to acknowledge a finding: with its reason."""

from collections.abc import Mapping

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct


def check(app: cdk.App) -> None:
    """Hold every stack of the app to the rules; an unacknowledged finding fails the synthesis."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledge(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on a construct and what is below it.

    Args:
        scope: where they were found.
        reasons: why each is right here, by the rule's id without its pack's name.
    """
    cdk.Validations.of(scope).acknowledge(
        *(
            cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
            for rule, reason in reasons.items()
        )
    )
