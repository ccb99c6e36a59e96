"""Prepares account and region for a stage: `cdk bootstrap`, with the qualifier the stage is set to.

A bootstrap of another qualifier is a CloudFormation stack of another name: under the same name it
would replace the bootstrap of everybody else in the account.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from infra.settings.fields import ConfigError
from infra.settings.stage import StageConfig

ROOT = Path(__file__).resolve().parent.parent
CDK = ROOT / "node_modules" / ".bin" / "cdk"


def main(arguments: list[str]) -> None:
    """Run the CDK CLI in the place of this process."""
    try:
        command = [str(CDK), "bootstrap", *qualified(arguments), *arguments]
    except ConfigError as error:
        sys.exit(str(error))
    os.chdir(ROOT)
    os.execv(CDK, command)  # noqa: S606  # no shell


def qualified(arguments: list[str]) -> list[str]:
    """The options of `cdk bootstrap` for the stage's setting `bootstrap_qualifier`.

    Args:
        arguments: of `cdk bootstrap`; `-c name=value` among them are settings of the stage.

    Raises:
        ConfigError: the stage's settings are wrong, or name the qualifier in another way.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-c", "--context", action="append", default=[])
    parser.add_argument("--qualifier")
    parser.add_argument("--toolkit-stack-name")
    given, _ = parser.parse_known_args(arguments)
    if given.qualifier:
        setting = f"bootstrap_qualifier={given.qualifier}"
        problem = f"--qualifier is a setting: set {setting} in cdk.json, for make deploy as well."
        raise ConfigError([problem])
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    settings = dict(pair.partition("=")[::2] for pair in given.context)
    config = StageConfig.from_context({**context, **settings})
    if config.bootstrap_qualifier is None:
        return []
    options = ["--qualifier", config.bootstrap_qualifier]
    if not given.toolkit_stack_name:
        options += ["--toolkit-stack-name", f"CDKToolkit-{config.bootstrap_qualifier}"]
    return options


if __name__ == "__main__":
    main(sys.argv[1:])
