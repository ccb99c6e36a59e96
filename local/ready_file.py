"""The ready file: the addresses of a run as JSON, for programs that started it."""

import json
import os
from pathlib import Path
from typing import Any

from local.connector import Connector
from local.database import Database
from local.gateway.settings import AUTH_PATH, MESSAGES_PATH
from local.parts import Parts


class ReadyFile:
    """Written in one step, so that a reader finds all or nothing; for its owner's eyes alone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, document: dict[str, Any]) -> None:
        """Write or replace it."""
        if self._path is None:
            return
        partial = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(document, indent=2) + "\n")
        partial.replace(self._path)

    def remove(self) -> None:
        """Remove it: what it says no longer holds."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def ready_document(parts: Parts, database: Database, connector: Connector) -> dict[str, Any]:
    """What the file says of a run whose parts are all up."""
    page_url = parts.gateway.url
    return {
        "page_url": f"{page_url}/",
        "auth_url": page_url + AUTH_PATH,
        "messages_url": page_url + MESSAGES_PATH,
        "database_url": database.url,
        "lambda_endpoint_url": parts.functions.endpoint_url,
        "sqs_endpoint_url": parts.aws.endpoint_url,
        "reject_queue_url": parts.aws.reject_queue_url,
        "dead_letter_queue_url": parts.aws.dead_letter_queue_url,
        **parts.ably.ready(),
        "pids": {"connector": connector.pid, "postgres": parts.database.pid},
    }
