"""Log lines in the same JSON form as the Lambda functions write, on standard output."""

import logging
import sys
from typing import Any

from aws_lambda_powertools import Logger

from connector_task.config.choices import LogLevel
from connector_task.relay.ports import LogFields

CALLER = 3  # frames between the line that journals and the logging library


class JsonLogger:
    """See `ports.Logger`."""

    def __init__(self, *, service: str, level: LogLevel) -> None:
        self._logger = Logger(service=service, level=level.value, stream=sys.stdout)
        # Libraries speak up in the same form, when something is wrong.
        root = logging.getLogger()
        root.setLevel(logging.WARNING)
        root.handlers = list(self._logger.handlers)
        logging.getLogger(service).propagate = False

    def debug(self, message: str, fields: LogFields) -> None:
        """Details."""
        self._logger.debug(message, extra=_extra(fields), stacklevel=CALLER)

    def info(self, message: str, fields: LogFields) -> None:
        """Lifecycle, and one line per batch."""
        self._logger.info(message, extra=_extra(fields), stacklevel=CALLER)

    def warning(self, message: str, fields: LogFields) -> None:
        """Retried or degraded."""
        self._logger.warning(message, extra=_extra(fields), stacklevel=CALLER)

    def error(self, message: str, fields: LogFields) -> None:
        """Someone must act."""
        self._logger.error(message, extra=_extra(fields), stacklevel=CALLER)


def _extra(fields: LogFields) -> dict[str, Any]:
    return dict(fields)
