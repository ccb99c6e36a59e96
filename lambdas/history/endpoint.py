"""`GET /messages`: returns the page of messages that the query selects."""

from lambdas.common.database import Database
from lambdas.common.http import Request, Response
from lambdas.common.observability import count
from lambdas.common.secrets import Secrets
from lambdas.history import page
from lambdas.history.settings import HistorySettings


class HistoryEndpoint:
    """History in one execution environment: settings and connection, kept between requests."""

    def __init__(self, settings: HistorySettings) -> None:
        self.cors = settings.cors
        self._database = Database(settings.database, Secrets())
        self._max_limit = settings.max_limit

    def get(self, request: Request) -> Response:
        """The page that the query selects."""
        wanted = page.PageRequest.parse(request.query, max_limit=self._max_limit)
        rows = self._database.run(lambda cursor: page.read(cursor, wanted))
        count("HistoryPagesServed")
        return Response(body=page.answer(rows, wanted), headers={"cache-control": "no-store"})
