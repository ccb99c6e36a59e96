"""The thresholds of alarms, and who is notified."""

from dataclasses import dataclass

from infra.settings import formats
from infra.settings.fields import integer, optional, setting


@dataclass(frozen=True, kw_only=True)
class AlarmSettings:
    """An alarm is raised above its threshold."""

    alarm_email: str | None = setting(
        "address that alarms are mailed to, once it has confirmed; add other subscriptions to "
        "`AlarmTopicArn`",
        optional(formats.email),
        dev="none",
    )
    alarm_ingest_errors: int = setting(
        "failed attempts in five minutes", integer(0, 100000), dev="5"
    )
    alarm_event_age_seconds: int = setting(
        "time that a message may wait to be written; an edit that overtook its message waits one "
        "or two minutes",
        integer(1, 21600, unit="seconds"),
        dev="300",
    )
    alarm_rejects: int = setting("rejected messages in five minutes", integer(0, 100000), dev="10")
    alarm_database_cpu_percent: int = setting(
        "CPU of the database in percent, over a quarter of an hour", integer(1, 100), dev="80"
    )
    alarm_database_free_gib: int = setting(
        "free storage below which there is an alarm; below the database's storage",
        integer(1, 65536, unit="GiB"),
        dev="4",
    )
    alarm_database_connections: int = setting(
        "connections; Postgres on RDS allows about 105 for each GiB of the instance's memory",
        integer(1, 10000),
        dev="60",
        prod="250",
    )
    alarm_outbox_age_seconds: int = setting(
        "time that a committed change may wait to be published",
        integer(1, 86400, unit="seconds"),
        dev="60",
        prod="30",
    )
    alarm_publish_lag_ms: int = setting(
        "time from capture to Ably that one change in a hundred may take, over a quarter of an "
        "hour",
        integer(1, 86_400_000, unit="milliseconds"),
        dev="10000",
        prod="5000",
    )
    alarm_publish_failures: int = setting(
        "batches in five minutes that Ably has not accepted", integer(0, 100000), dev="100"
    )
    alarm_api_errors: int = setting(
        "answers in five minutes that are the API's own failures",
        integer(0, 100000),
        dev="5",
        prod="20",
    )
