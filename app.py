"""The CDK app: reads the stage's settings from the context and builds its stacks.

cdk.json starts it as `python3 app.py`, whatever that is where the CDK CLI runs. So it goes on with
the interpreter of the checkout's virtual environment, unless another environment is active.
"""

import importlib.util
import os
import sys
from pathlib import Path

PYTHON = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
NOT_SET_UP = (
    "unable to synthesize; {python} has no aws-cdk-lib: run `make bootstrap STAGE=dev` or `make "
    "deploy STAGE=dev`, which install it into .venv first, or `make setup`"
)


def main() -> None:
    """Synthesize the stage that `-c stage=` names."""
    if sys.prefix == sys.base_prefix and PYTHON.exists():
        os.execv(PYTHON, [str(PYTHON), *sys.argv])  # noqa: S606  # no shell, the same arguments
    if importlib.util.find_spec("aws_cdk") is None:
        sys.exit(NOT_SET_UP.format(python=sys.executable))
    _synthesize()


def _synthesize() -> None:
    import aws_cdk as cdk

    from infra.settings.fields import ConfigError
    from infra.settings.stage import StageConfig
    from infra.stacks.application import build

    app = cdk.App()
    try:
        build(app, StageConfig.from_context(app.node.get_all_context()))
    except ConfigError as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
