"""The ingest function: turns events of the Ably rule into rows of the chat table.

One event, or one batch of a queue, is one transaction. After the commit, messages that can never be
written go to the reject queue. Every other failure makes AWS deliver the event again, and a
repeated delivery changes nothing (docs/adr/0003).
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
    """The Lambda handler; it reads the environment at its first event."""

    @cache
    def service() -> IngestService:
        return IngestService(IngestSettings.parse(environment))

    def handle(event: Any, _context: LambdaContext) -> dict[str, Any]:
        return service().handle(event)

    return observed(handle, environment)


handler = make_handler(os.environ)
