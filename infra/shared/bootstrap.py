"""The bootstrap that a stage is deployed through: whose bucket, repository and roles it uses."""

import aws_cdk as cdk
from constructs import Construct

from infra.settings.stage import StageConfig

# The CDK's own setting, which `cdk bootstrap` reads as well.
_CONTEXT_KEY = "@aws-cdk/core:bootstrapQualifier"


def qualifier(scope: Construct, config: StageConfig) -> str:
    """The stage's qualifier, else the one of the CDK's context, else the CDK's default."""
    return (
        config.bootstrap_qualifier
        or scope.node.try_get_context(_CONTEXT_KEY)
        or cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
    )


def synthesizer(scope: Construct, config: StageConfig) -> cdk.DefaultStackSynthesizer:
    """What names the parts of that bootstrap in a stack below `scope`."""
    return cdk.DefaultStackSynthesizer(qualifier=qualifier(scope, config))


def asset_bucket(scope: Construct, config: StageConfig) -> str:
    """The name of the bucket that holds the assets, as cdk-nag writes it."""
    return f"cdk-{qualifier(scope, config)}-assets-<AWS::AccountId>-<AWS::Region>"
