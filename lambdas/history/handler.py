"""The history function: `GET /messages?before=<incremental_record_id>&limit=`."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.common.http import respond
from lambdas.common.observability import Handler, observed
from lambdas.history.endpoint import HistoryEndpoint
from lambdas.history.settings import HistorySettings


def make_handler(environment: Mapping[str, str]) -> Handler:
    """The Lambda handler; it reads the environment at its first request."""

    @cache
    def endpoint() -> HistoryEndpoint:
        return HistoryEndpoint(HistorySettings.parse(environment))

    def handle(event: Any, _context: LambdaContext) -> dict[str, Any]:
        return respond(event, endpoint().cors, endpoint().get)

    return observed(handle, environment)


handler = make_handler(os.environ)
