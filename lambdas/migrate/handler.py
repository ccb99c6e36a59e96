"""The migrate function: each deploy runs it before anything that needs the schema.

It ignores the event. A failure raises, and the deploy is rolled back.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.common.database import Database
from lambdas.common.observability import Handler, count, logger, observed
from lambdas.common.secrets import Secrets
from lambdas.common.settings import DatabaseSettings, SettingsReader
from lambdas.migrate import migrations, schema

# Long enough to build an index on a large table, and shorter than the function's own timeout.
STATEMENT_TIMEOUT_MS = 240_000


def make_handler(environment: Mapping[str, str]) -> Handler:
    """The Lambda handler; it reads the environment at each event, one per deploy."""

    def handle(_event: Any, _context: LambdaContext) -> dict[str, list[str]]:
        database = Database(_settings(environment), Secrets())
        try:
            files = migrations.load()
            outcome = database.run(lambda cursor: schema.bring_up_to_date(cursor, files))
        finally:
            database.close()
        count("MigrationsApplied", len(outcome.applied))
        _log(outcome)
        return asdict(outcome)

    return observed(handle, environment)


def _log(outcome: schema.Outcome) -> None:
    if outcome.ahead:
        logger().warning(
            "chat schema belongs to a later release, not changed",
            extra={"action": "migrate", "migration": outcome.ahead[-1]},
        )
    else:
        logger().info("chat schema up to date", extra={"action": "migrate"})


def _settings(environment: Mapping[str, str]) -> DatabaseSettings:
    reader = SettingsReader(environment)
    settings = DatabaseSettings.read(reader, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    reader.finish()
    return settings


handler = make_handler(os.environ)
