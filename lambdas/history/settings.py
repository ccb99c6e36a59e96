"""The history function's settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.common.http import Cors
from lambdas.common.settings import DatabaseSettings, SettingsReader


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
