"""The history function: `GET /messages?before=<incremental_record_id>&limit=`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.common.database import Database
from lambdas.common.http import Cors, Request, Response, respond
from lambdas.common.observability import Handler, count, observed
from lambdas.common.secrets import Secrets
from lambdas.common.settings import DatabaseSettings, SettingsReader
from lambdas.history import page


@dataclass(frozen=True, kw_only=True)
class HistorySettings:
    """Everything the history function reads from its environment."""

    database: DatabaseSettings
    cors: Cors
    max_limit: int

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> "HistorySettings":
        """Read the settings.

        Raises:
            SettingsError: with every problem.
        """
        reader = SettingsReader(environment)
        settings = cls(
            database=DatabaseSettings.read(reader),
            cors=Cors(reader.origins("ALLOWED_ORIGINS")),
            max_limit=reader.integer("HISTORY_MAX_LIMIT", default=200, minimum=1, maximum=1000),
        )
        reader.finish()
        return settings


class History:
    """One execution environment's history: settings and connection, kept between requests."""

    def __init__(self, settings: HistorySettings) -> None:
        self.cors = settings.cors
        self._database = Database(settings.database, Secrets())
        self._max_limit = settings.max_limit

    def get(self, request: Request) -> Response:
        """The page that the query asks for."""
        wanted = page.PageRequest.parse(request.query, max_limit=self._max_limit)
        rows = self._database.run(lambda cursor: page.read(cursor, wanted))
        count("HistoryPagesServed")
        return Response(body=page.answer(rows, wanted), headers={"cache-control": "no-store"})


def make_handler(environment: Mapping[str, str]) -> Handler:
    """The Lambda handler; the environment is read at its first request."""

    @cache
    def history() -> History:
        return History(HistorySettings.parse(environment))

    def handle(event: Any, _context: LambdaContext) -> dict[str, Any]:
        return respond(event, history().cors, history().get)

    return observed(handle, environment)


handler = make_handler(os.environ)
