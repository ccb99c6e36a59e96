"""How messages are ingested."""

from dataclasses import dataclass
from typing import Literal, get_args

from infra.settings.fields import integer, one_of, optional, setting

Source = Literal["rule", "sqs"]


@dataclass(frozen=True, kw_only=True)
class IngestSettings:
    """From Ably's rule to a row."""

    ingest_timeout_seconds: int = setting(
        "time that an attempt at an event may take", integer(1, 900, unit="seconds"), dev="30"
    )
    ingest_retry_attempts: int = setting("repetitions of a failed event", integer(0, 2), dev="2")
    ingest_max_event_age_seconds: int = setting(
        "time after which a waiting event goes to the dead-letter queue without an attempt",
        integer(60, 21600, unit="seconds"),
        dev="21600",
    )
    ingest_reserved_concurrency: int | None = setting(
        "ingest functions that may run at the same time; bounds the database's connections. The "
        "account must keep 100 unreserved (a new account has 10 in all: `none` there)",
        optional(integer(1, 1000)),
        dev="none",
        prod="20",
    )
    ingest_source: Source = setting(
        "`rule`: Ably invokes the function once per message. `sqs`: Ably sends to a queue, from "
        "which the function takes batches; for sustained volume",
        one_of(*get_args(Source)),
        dev="rule",
    )
    ingest_batch_size: int = setting(
        "with `sqs`: messages in one invocation and one statement; more than 10 need the window",
        integer(1, 1000),
        dev="10",
    )
    ingest_batch_window_seconds: int = setting(
        "with `sqs`: time to wait for a batch to fill; a message may be late by as much",
        integer(0, 300, unit="seconds"),
        dev="0",
    )
    ingest_max_content_bytes: int = setting(
        "size of a message's text in UTF-8; longer is rejected",
        integer(1, 65536, unit="bytes"),
        dev="16384",
    )
    ingest_max_username_bytes: int = setting(
        "size of a user's name in UTF-8; longer is rejected",
        integer(1, 1024, unit="bytes"),
        dev="256",
    )
