"""The connector's tasks."""

from dataclasses import dataclass

from infra.settings.cross_checks import FARGATE_SIZES
from infra.settings.fields import flag, integer, one_number_of, setting


@dataclass(frozen=True, kw_only=True)
class ConnectorSettings:
    """One leader and its standbys."""

    connector_desired_count: int = setting(
        "connector tasks: one leads, the others stand by; 0 stops publishing, changes wait",
        integer(0, 10),
        dev="1",
        prod="2",
    )
    connector_cpu_units: int = setting(
        "CPU of a task, in 1024ths of a processor", one_number_of(*FARGATE_SIZES), dev="256"
    )
    connector_memory_mb: int = setting(
        "memory of a task; Fargate offers certain pairs with the CPU",
        integer(512, 16384, unit="MiB"),
        dev="512",
    )
    connector_shards: int = setting(
        "parts that the channels are divided into, each with a leader of its own; more than one "
        "helps only where there are several tasks and many busy channels",
        integer(1, 32),
        dev="1",
    )
    connector_stop_timeout_seconds: int = setting(
        "time between SIGTERM and SIGKILL; the connector finishes its batch 10 s sooner",
        integer(20, 120, unit="seconds"),
        dev="30",
    )
    container_insights: bool = setting(
        "ECS's own metrics of the tasks", flag, dev="false", prod="true"
    )
