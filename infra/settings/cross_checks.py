"""What two settings, each right by itself, may not say together.

A rule's parameters are the settings it compares; it gives the sentence, or None where they agree.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping

# What Fargate sells: CPU units to MiB of memory.
FARGATE_SIZES = {
    256: (512, 1024, 2048),
    512: (1024, 2048, 3072, 4096),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
}


# AWS services that the VPC may have endpoints for.
ENDPOINTS = ("ecr", "logs", "secretsmanager", "sqs")
# What functions need of AWS while they run.
_NEEDED_ENDPOINTS = ("secretsmanager", "sqs")


def cross_checks(values: Mapping[str, object]) -> Iterator[str]:
    """A sentence for each conflict between those settings that could be read."""
    for rule in _RULES:
        names = inspect.signature(rule).parameters
        if all(name in values for name in names):
            sentence = rule(**{name: values[name] for name in names})
            if sentence:
                yield sentence


def _protected_without_backups(*, protect_data: bool, database_backup_days: int) -> str | None:
    if protect_data and database_backup_days == 0:
        return (
            "protect_data=true needs database_backup_days of 1 or more: without backups a wrong "
            "DELETE is final."
        )
    return None


def _no_way_out(*, nat_gateways: int, vpc_endpoints: tuple[str, ...]) -> str | None:
    if nat_gateways == 0 and not set(_NEEDED_ENDPOINTS) <= set(vpc_endpoints):
        return (
            "nat_gateways=0 needs vpc_endpoints to name secretsmanager and sqs: the functions "
            "would have no other way to the secret of migrate and the queue of ingest's rejects."
        )
    return None


def _no_room_to_grow(*, database_storage_gib: int, database_max_storage_gib: int) -> str | None:
    if database_max_storage_gib * 10 < database_storage_gib * 11:
        return (
            f"database_max_storage_gib ({database_max_storage_gib}) must be at least a tenth above "
            f"database_storage_gib ({database_storage_gib}): RDS grows by no less."
        )
    return None


def _fargate_size(*, connector_cpu_units: int, connector_memory_mb: int) -> str | None:
    sizes = FARGATE_SIZES[connector_cpu_units]
    if connector_memory_mb in sizes:
        return None
    return (
        f"connector_memory_mb must be one of {', '.join(map(str, sizes))} where "
        f"connector_cpu_units is {connector_cpu_units}, not {connector_memory_mb}."
    )


def _burst_below_rate(*, api_rate_per_second: int, api_burst_count: int) -> str | None:
    if api_burst_count < api_rate_per_second:
        return (
            f"api_burst_count ({api_burst_count}) must not be below api_rate_per_second "
            f"({api_rate_per_second}): the rate could never be reached."
        )
    return None


def _loop(*, outgoing_channel: str, incoming_channel: str) -> str | None:
    if outgoing_channel == incoming_channel:
        return (
            f"outgoing_channel and incoming_channel must differ, both are {outgoing_channel!r}: "
            "each published change would be ingested again, without end."
        )
    return None


def _half_an_ably_identity(*, ably_account_id: str | None, ably_app_id: str | None) -> str | None:
    if (ably_account_id is None) != (ably_app_id is None):
        return (
            "ably_account_id and ably_app_id must be set together: the external id by which Ably "
            "may assume its role is made of both."
        )
    return None


def _rule_without_app(
    *, ably_control_token_secret: str | None, ably_app_id: str | None
) -> str | None:
    if ably_control_token_secret and ably_app_id is None:
        return (
            "ably_control_token_secret needs ably_account_id and ably_app_id: the rule is made in "
            "that app, and Ably assumes its role by both."
        )
    return None


def _large_batches_at_once(
    *, ingest_batch_size: int, ingest_batch_window_seconds: int
) -> str | None:
    if ingest_batch_size > 10 and ingest_batch_window_seconds == 0:
        return (
            f"ingest_batch_size={ingest_batch_size} needs ingest_batch_window_seconds of 1 or "
            "more: SQS hands out at most 10 messages at once, more only to who waits."
        )
    return None


def _half_a_jwt_setting(
    *, auth_mode: str, jwt_issuer: str | None, jwt_audience: tuple[str, ...]
) -> str | None:
    if auth_mode == "jwt" and not (jwt_issuer and jwt_audience):
        return (
            "auth_mode=jwt needs jwt_issuer and jwt_audience: without both, whose tokens open the "
            "API would not be decided."
        )
    if auth_mode == "anonymous" and (jwt_issuer or jwt_audience):
        return (
            "jwt_issuer and jwt_audience need auth_mode=jwt: with auth_mode=anonymous nobody "
            "would be asked for a token."
        )
    return None


def _half_a_domain(*, page_domain: str | None, page_certificate_arn: str | None) -> str | None:
    if (page_domain is None) != (page_certificate_arn is None):
        return (
            "page_domain and page_certificate_arn must be set together: CloudFront serves a domain "
            "only with a certificate for it."
        )
    return None


def _settings_of_no_page(
    *, page: bool, page_domain: str | None, page_web_acl_arn: str | None
) -> str | None:
    if not page and (page_domain or page_web_acl_arn):
        return "page_domain and page_web_acl_arn need page=true: they belong to its CloudFront."
    return None


def _page_without_login(*, page: bool, auth_mode: str) -> str | None:
    if page and auth_mode == "jwt":
        return (
            "auth_mode=jwt needs page=false: the bundled page has no login; serve one of your own "
            "that sends the token."
        )
    return None


def _always_short_of_storage(
    *, alarm_database_free_gib: int, database_storage_gib: int
) -> str | None:
    if alarm_database_free_gib >= database_storage_gib:
        return (
            f"alarm_database_free_gib ({alarm_database_free_gib}) must be below "
            f"database_storage_gib ({database_storage_gib}): the alarm would never end."
        )
    return None


_RULES: tuple[Callable[..., str | None], ...] = (
    _protected_without_backups,
    _no_way_out,
    _no_room_to_grow,
    _fargate_size,
    _burst_below_rate,
    _loop,
    _half_an_ably_identity,
    _rule_without_app,
    _large_batches_at_once,
    _half_a_jwt_setting,
    _half_a_domain,
    _settings_of_no_page,
    _page_without_login,
    _always_short_of_storage,
)
