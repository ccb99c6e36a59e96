"""Everything the connector needs to know, and the list of its settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic.fields import FieldInfo

from connector_task.config.ably import AblySettings
from connector_task.config.choices import LogLevel
from connector_task.config.database import DatabaseSettings
from connector_task.config.declaration import Section, SettingFacts, Text, facts, key_of, setting
from connector_task.config.health_port import HEALTH_PORT, MAX_PORT
from connector_task.config.mappings import Mappings

MAX_SHARDS = 32


class Settings(Section):
    """Everything the connector needs to know."""

    database: Annotated[DatabaseSettings, setting("dbConfig", "where Postgres is, how to log in")]
    mappings: Annotated[
        Mappings,
        setting(
            "connector",
            "the mappings of tables to channels; in a variable, as JSON",
            variable="ABLY_CONNECTOR",
            expects="a JSON array of objects",
            echo=False,
        ),
    ]
    ably: Annotated[AblySettings, setting("ably", "which Ably, the key to it, its limits")]
    install: Annotated[
        bool,
        setting(
            "install",
            "whether `run` installs first; `false` where another role runs `install`",
            variable="CONNECTOR_INSTALL",
        ),
    ] = True
    run_role: Annotated[
        Text | None,
        setting(
            "runRole",
            "role that relays, where another role installs; an install grants it what it needs",
            variable="CONNECTOR_RUN_ROLE",
        ),
    ] = None
    health_port: Annotated[
        int,
        setting(
            "healthPort",
            "port of `GET /health` on 127.0.0.1; `0` is off",
            variable=HEALTH_PORT,
            note="in the image `8080`",
            ge=0,
            le=MAX_PORT,
        ),
    ] = 0
    poll_seconds: Annotated[
        float,
        setting(
            "pollSeconds",
            "the longest time that a change waits when its notification is lost",
            variable="CONNECTOR_POLL_SECONDS",
            unit="seconds",
            ge=0.05,
            le=60,
        ),
    ] = 1.0
    shutdown_seconds: Annotated[
        float,
        setting(
            "shutdownSeconds",
            "time that the current request may take after SIGTERM; keep it below the platform's "
            "stop timeout",
            variable="CONNECTOR_SHUTDOWN_SECONDS",
            unit="seconds",
            ge=1,
            le=110,
        ),
    ] = 20.0
    max_in_flight: Annotated[
        int,
        setting(
            "maxInFlight",
            "concurrent requests to Ably of each shard; a channel is in at most one of them",
            variable="CONNECTOR_MAX_IN_FLIGHT",
            ge=1,
            le=64,
        ),
    ] = 4
    shards: Annotated[
        int,
        setting(
            "shards",
            "number of parts that the channels are divided into, each with a leader of its own; "
            "the processes share them evenly. While some processes still run with a different "
            "shard count, those with the new one stand by. Each leader uses its part of the "
            "account's requests",
            variable="CONNECTOR_SHARDS",
            ge=1,
            le=MAX_SHARDS,
        ),
    ] = 1
    metrics_seconds: Annotated[
        float,
        setting(
            "metricsSeconds",
            "time between metric lines; `0` is off",
            variable="CONNECTOR_METRICS_SECONDS",
            unit="seconds",
            ge=0,
            le=3600,
        ),
    ] = 60.0
    metrics_namespace: Annotated[
        Text,
        setting(
            "metricsNamespace",
            "CloudWatch namespace of the metrics",
            variable="POWERTOOLS_METRICS_NAMESPACE",
        ),
    ] = "AblyPostgres"
    log_level: Annotated[
        LogLevel,
        setting(
            "logLevel",
            "the least severe log lines that are written",
            variable="POWERTOOLS_LOG_LEVEL",
        ),
    ] = LogLevel.INFO
    service: Annotated[
        Text,
        setting(
            "service", "`service` on log lines and metrics", variable="POWERTOOLS_SERVICE_NAME"
        ),
    ] = "connector"
    stage: Annotated[Text, setting("stage", "`stage` on metrics", variable="STAGE")] = "local"

    @property
    def dimensions(self) -> Mapping[str, str]:
        """The dimensions of every metric."""
        return {"stage": self.stage, "service": self.service}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting with its place.

    Attributes:
        path: keys in a JSON file, from the outside in.
    """

    path: tuple[str, ...]
    field: FieldInfo

    @property
    def facts(self) -> SettingFacts:
        """What its declaration says beyond pydantic's own attributes."""
        return facts(self.field)


def settings(section: type[Section] = Settings, outside: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Every setting of a section and of the sections in it, in the order of declaration."""
    for field in section.model_fields.values():
        path = (*outside, key_of(field))
        if inner := section_of(field):
            yield from settings(inner, path)
        else:
            yield Setting(path, field)


def section_of(field: FieldInfo) -> type[Section] | None:
    """The section that a field holds; None where it holds a setting."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None
