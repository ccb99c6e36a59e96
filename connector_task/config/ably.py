"""The settings of the connection to Ably."""

from typing import Annotated

from pydantic import StringConstraints

from connector_task.config.choices import AblyPlan
from connector_task.config.declaration import Section, Text, setting

MAX_RATE = 10**12
MIB = 1024 * 1024

ApiKey = Annotated[
    str,
    # An editor leaves a line end behind a key.
    StringConstraints(strip_whitespace=True, pattern=r"^\s*[^.:\s]+\.[^.:\s]+:\S+\s*$"),
]


# None is the plan's limit, or the SDK's own default; a rate of 0 is no limit.
class AblySettings(Section):
    """Which Ably, the key to it, and how much it accepts."""

    api_key: Annotated[
        ApiKey,
        setting(
            "apiKey",
            "API key, `<app>.<key>:<secret>`, which may publish on every mapped channel",
            variable="ABLY_API_KEY",
            expects="an Ably API key of the form <app>.<key>:<secret>",
            secret=True,
        ),
    ]
    endpoint: Annotated[
        Text | None,
        setting(
            "endpoint",
            "routing policy or host name",
            variable="ABLY_ENDPOINT",
            note="the SDK's",
        ),
    ] = None
    port: Annotated[
        int | None,
        setting(
            "port",
            "TCP port",
            variable="ABLY_PORT",
            note="443, without TLS 80",
            ge=1,
            le=65535,
        ),
    ] = None
    tls: Annotated[
        bool,
        setting("tls", "`false` only for a server on the same machine", variable="ABLY_TLS"),
    ] = True
    plan: Annotated[
        AblyPlan,
        setting(
            "plan",
            "the account's plan, which decides how many HTTP requests Ably accepts; above that "
            "rate the connector collects changes longer and sends fewer requests",
            variable="ABLY_PLAN",
        ),
    ] = AblyPlan.FREE
    requests_per_second: Annotated[
        float | None,
        setting(
            "requestsPerSecond",
            "rate of all requests: 50 on `free`, 362 on `standard`, 1447 on `pro`; the connector "
            "uses 90 % of it",
            variable="ABLY_REQUESTS_PER_SECOND",
            expects="a number of HTTP requests a second, 0 for no limit",
            note="the plan's",
            ge=0,
            le=MAX_RATE,
        ),
    ] = None
    requests_per_hour: Annotated[
        float | None,
        setting(
            "requestsPerHour",
            "rate of all requests: 25,000 on `free`, 521,000 on `standard`, 2,083,300 on `pro`; a "
            "tenth of them may come in a burst, the connector spreads the rest evenly",
            variable="ABLY_REQUESTS_PER_HOUR",
            expects="a number of HTTP requests an hour, 0 for no limit",
            note="the plan's",
            ge=0,
            le=MAX_RATE,
        ),
    ] = None
    channel_publishes: Annotated[
        float,
        setting(
            "channelPublishesPerSecond",
            "rate on one channel; an array of messages counts as one publish",
            variable="ABLY_CHANNEL_PUBLISHES_PER_SECOND",
            expects="a number of publishes a second, 0 for no limit",
            ge=0,
            le=MAX_RATE,
        ),
    ] = 50.0
    channel_bytes: Annotated[
        float,
        setting(
            "channelBytesPerSecond",
            "rate on one channel",
            variable="ABLY_CHANNEL_BYTES_PER_SECOND",
            expects="a number of bytes a second, 0 for no limit",
            note="1 MiB",
            ge=0,
            le=MAX_RATE,
        ),
    ] = float(MIB)
    message_bytes: Annotated[
        int | None,
        setting(
            "messageBytes",
            "size of one publish, of an array the sum of its messages; a larger row goes out as "
            "its key, marked `truncated`. The captures keep the value that `install` was given",
            variable="ABLY_MESSAGE_BYTES",
            unit="bytes",
            note="the plan's: 262144 on `pro`, else 65536",
            ge=1024,
            le=MIB,
        ),
    ] = None
    request_bytes: Annotated[
        int,
        setting(
            "requestBytes",
            "size of the body of one request",
            variable="ABLY_REQUEST_BYTES",
            unit="bytes",
            note="2 MiB",
            ge=1024,
            le=64 * MIB,
        ),
    ] = 2 * MIB
    request_channels: Annotated[
        int,
        setting(
            "requestChannels",
            "channels in one request",
            variable="ABLY_REQUEST_CHANNELS",
            ge=1,
            le=1000,
        ),
    ] = 100
