"""A database with captured tables, and what its outbox holds; no connector runs."""

import json
from typing import Any

from connector_task.capture.installer import Installer
from tests.fakes.logger import MemoryLogger
from tests.fixtures.connector import database_settings, query
from tests.fixtures.mappings import read_mappings


class CapturedDatabase:
    """Mappings are given as in a configuration, without what is `users`, `people` or INSERT.

    Attributes:
        logger: what installations have logged.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.logger = MemoryLogger()

    def sql(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run one statement, committed at once."""
        return query(self.url, text, *parameters)

    def installation(self, *wanted: dict[str, Any]) -> Installer:
        """The installation of mappings."""
        defaults = {"tablename": "users", "ablychannelname": "people", "operation": "INSERT"}
        parsed = read_mappings({**defaults, **mapping} for mapping in wanted)
        return Installer(database_settings(self.url), parsed, self.logger)

    def install(self, *wanted: dict[str, Any]) -> None:
        """Have mappings captured, and nothing else."""
        self.installation(*wanted).install()

    def install_all(self, **options: Any) -> None:
        """Have every INSERT, UPDATE and DELETE captured with the same options."""
        self.install(*({"operation": one, **options} for one in ("INSERT", "UPDATE", "DELETE")))

    def take(self) -> list[tuple[str, str, Any]]:
        """Channel, type and row of the captured messages, in order; they are taken out."""
        return [(channel, event["type"], event["row"]) for channel, event in self.take_events()]

    def take_events(self) -> list[tuple[str, dict[str, Any]]]:
        """Channel and event of the captured messages, in order; they are taken out."""
        rows = self.sql(
            "WITH taken AS (DELETE FROM ably.outbox RETURNING *) "
            "SELECT channel, name, data FROM taken ORDER BY id"
        )
        events = [(channel, json.loads(data)) for channel, _, data in rows]
        assert [name for _, name, _ in rows] == [event["type"] for _, event in events]
        return events

    def problems(self) -> list[str | None]:
        """What was wrong with the capture of each message that waits."""
        return [problem for (problem,) in self.sql("SELECT problem FROM ably.outbox ORDER BY id")]
