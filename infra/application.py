"""The whole app of a stage: its stacks, its tags, and the rules they are held to."""

import aws_cdk as cdk

from infra import nag
from infra.config import StageConfig
from infra.service_stack import ServiceStack
from infra.stateful_stack import StatefulStack


def build(app: cdk.App, config: StageConfig) -> tuple[StatefulStack, ServiceStack]:
    """Add a stage's two stacks to the app."""
    prefix = f"ably-postgres-{config.stage}"
    stateful = StatefulStack(app, f"{prefix}-stateful", config=config)
    service = ServiceStack(app, f"{prefix}-service", config=config, stateful=stateful)
    cdk.Tags.of(app).add("application", "ably-postgres")
    cdk.Tags.of(app).add("stage", config.stage)
    nag.check(app)
    return stateful, service
