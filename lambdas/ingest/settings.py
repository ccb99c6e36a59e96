"""The ingest function's settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.common.settings import DatabaseSettings, SettingsReader


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The maximum sizes of a message, in bytes of UTF-8."""

    content_bytes: int = 16_384
    username_bytes: int = 256


@dataclass(frozen=True, kw_only=True)
class IngestSettings:
    """Everything the ingest function reads from its environment.

    Attributes:
        reads_queue: whether a queue is between Ably's rule and the function. If not, an event in
            the form of a queue's batch is rejected like any other unknown event.
    """

    database: DatabaseSettings
    reject_queue_url: str
    reads_queue: bool
    limits: Limits

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> "IngestSettings":
        """Read the settings.

        Raises:
            SettingsError: with every problem.
        """
        reader = SettingsReader(environment)
        settings = cls(
            database=DatabaseSettings.read(reader),
            reject_queue_url=reader.text("REJECT_QUEUE_URL"),
            reads_queue=reader.choice("INGEST_SOURCE", ("rule", "sqs"), default="rule") == "sqs",
            limits=Limits(
                content_bytes=reader.integer(
                    "MAX_CONTENT_BYTES", default=16_384, minimum=1, maximum=262_144
                ),
                username_bytes=reader.integer(
                    "MAX_USERNAME_BYTES", default=256, minimum=1, maximum=1024
                ),
            ),
        )
        reader.finish()
        return settings
