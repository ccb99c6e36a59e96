"""The whole app of a stage: its stacks, its tags, and the rules they are held to."""

from pathlib import Path

import aws_cdk as cdk

from infra.functions.bundling import REPOSITORY
from infra.settings.stage import StageConfig
from infra.shared import nag
from infra.stacks.service_stack import ServiceStack
from infra.stacks.stateful_stack import StatefulStack

PAGE = REPOSITORY / "web" / "dist"


def build(
    app: cdk.App, config: StageConfig, *, page: Path = PAGE
) -> tuple[StatefulStack, ServiceStack]:
    """Add a stage's two stacks to the app.

    Args:
        app: the app.
        config: the stage's settings.
        page: the folder that the page was built into.

    Raises:
        ConfigError: the page is wanted, and not there.
    """
    prefix = f"ably-postgres-{config.stage}"
    stateful = StatefulStack(app, f"{prefix}-stateful", config=config)
    service = ServiceStack(app, f"{prefix}-service", config=config, stateful=stateful, page=page)
    cdk.Tags.of(app).add("application", "ably-postgres")
    cdk.Tags.of(app).add("stage", config.stage)
    nag.check(app)
    return stateful, service
