"""The CDK app: reads the stage's settings from the context and builds its stacks."""

import sys

import aws_cdk as cdk

from infra.application import build
from infra.config import StageConfig
from infra.knobs import ConfigError


def main() -> None:
    """Synthesize the stage that `-c stage=` names."""
    app = cdk.App()
    try:
        build(app, StageConfig.from_context(app.node.get_all_context()))
    except ConfigError as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
