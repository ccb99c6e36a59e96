"""The ingest function: the event of the Ably rule in, rows of the chat table out.

One event, or one batch of a queue, is one transaction. What can never be written goes to the reject
queue once the rest is committed; every other failure makes AWS deliver it again, and a delivery
more changes nothing (docs/adr/0003).
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.common.observability import Handler, observed
from lambdas.ingest.ingest_service import IngestService
from lambdas.ingest.settings import IngestSettings


def make_handler(environment: Mapping[str, str]) -> Handler:
    """The Lambda handler; the environment is read at its first event."""

    @cache
    def service() -> IngestService:
        return IngestService(IngestSettings.parse(environment))

    def handle(event: Any, _context: LambdaContext) -> dict[str, Any]:
        return service().take(event)

    return observed(handle, environment)


handler = make_handler(os.environ)
