"""A function's asset as the CDK takes it: bundled for Lambda, hashed by what goes in."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

from infra.functions.bundling import Bundler, Target


@jsii.implements(cdk.ILocalBundling)
class LocalBundling:
    """Bundles one function when the CDK asks for it, which it does where the hash is new."""

    def __init__(self, function: str, target: Target) -> None:
        self._function = function
        self._target = target

    def try_bundle(self, output_dir: str, *_args: Any, **_options: Any) -> bool:
        """Write the asset; never leaves it to Docker, as False would."""
        Bundler().bundle(self._function, self._target, Path(output_dir))
        return True


def function_code(function: str, target: Target) -> lambda_.Code:
    """The code of `lambdas/<function>` for a runtime."""
    bundler = Bundler()
    return lambda_.Code.from_asset(
        str(bundler.root / "lambdas"),
        asset_hash=bundler.fingerprint(function, target),
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=cdk.BundlingOptions(
            # Required, and never pulled: local bundling succeeds or raises.
            image=cdk.DockerImage.from_registry("scratch"),
            local=LocalBundling(function, target),
        ),
    )
