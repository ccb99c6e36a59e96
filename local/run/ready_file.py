"""The ready file: the addresses of a run as JSON, for the program that started the run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ably_local.private_file import (
    PrivateFileError,
    remove_private,
    require_ours,
    write_private,
)
from local.errors import LocalError
from local.gateway.settings import AUTH_PATH, MESSAGES_PATH
from local.run.parts import Parts
from local.services.connector import Connector
from local.services.database import Database


class ReadyFile:
    """A private file, replaced atomically, that only its owner can read.

    Every method raises LocalError if the path cannot be used, for example because it is a symbolic
    link or another user's file.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def check(self) -> None:
        """Check that the path can be used, before any part starts."""
        self._do(require_ours)

    def write(self, document: dict[str, Any]) -> None:
        """Write or replace the file."""
        self._do(lambda path: write_private(path, json.dumps(document, indent=2) + "\n"))

    def remove(self) -> None:
        """Remove the file, because its content is no longer valid."""
        self._do(remove_private)

    def _do(self, act: Callable[[Path], None]) -> None:
        if self._path is None:
            return
        try:
            act(self._path)
        except PrivateFileError as error:
            raise LocalError(f"{error}, or choose another path with --ready-file") from error


def ready_document(parts: Parts, database: Database, connector: Connector) -> dict[str, Any]:
    """The document for a run whose parts are all up."""
    page_url = parts.gateway.url
    return {
        "page_url": f"{page_url}/",
        "auth_url": page_url + AUTH_PATH,
        "messages_url": page_url + MESSAGES_PATH,
        "database_url": database.url,
        "aws_access_key_id": parts.credentials.access_key_id,
        "aws_secret_access_key": parts.credentials.secret_access_key,
        "lambda_endpoint_url": parts.functions.endpoint_url,
        "sqs_endpoint_url": parts.aws.endpoint_url,
        "reject_queue_url": parts.aws.reject_queue_url,
        "dead_letter_queue_url": parts.aws.dead_letter_queue_url,
        **parts.ably.ready(),
        "pids": {"connector": connector.pid, "postgres": parts.database.pid},
    }
