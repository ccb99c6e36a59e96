"""Logger and metrics: Powertools' singletons, created at first use; the wrapper of every handler.

A log line has a constant message, and facts under the keys listed in docs/configuration.md. It
never contains a payload, a token, a cookie or a connection string.
"""

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

NAMESPACE = "AblyPostgres"

Handler = Callable[[Any, LambdaContext], Any]


@cache
def logger() -> Logger:
    """The process's logger; POWERTOOLS_… variables set its service name and level."""
    return Logger()


@cache
def metrics() -> Metrics:
    """The process's metrics; written as one EMF line at the end of each invocation."""
    made = Metrics()
    # Without a namespace Powertools raises at the end of a successful invocation.
    made.namespace = made.namespace or NAMESPACE
    made.service = made.service or "service_undefined"  # the default of its logger
    return made


def count(name: str, value: int = 1) -> None:
    """Add a count to the invocation's metrics, dimensions `service` and `stage`."""
    metrics().add_metric(name=name, unit=MetricUnit.Count, value=value)


def count_by_reason(name: str, reasons: Mapping[str, int]) -> None:
    """Count the total, and each reason separately with the additional dimension `reason`."""
    if not reasons:
        return
    count(name, sum(reasons.values()))
    dimensions = {"service": metrics().service, **metrics().default_dimensions}
    for reason, value in sorted(reasons.items()):
        with single_metric(
            name=name,
            unit=MetricUnit.Count,
            value=value,
            namespace=metrics().namespace,
            default_dimensions={**dimensions, "reason": reason},
        ):
            pass


def observed(handle: Handler, environment: Mapping[str, str]) -> Handler:
    """Wrap a handler: context keys on each log line, metrics flushed even if it raises.

    Args:
        handle: the handler.
        environment: read at the first invocation, for STAGE.
    """

    @cache
    def decorated() -> Handler:
        metrics().set_default_dimensions(stage=environment.get("STAGE") or "local")
        decorated_handle: Handler = logger().inject_lambda_context(handle, clear_state=True)
        return decorated_handle

    @wraps(handle)
    def handler(event: Any, context: LambdaContext) -> Any:
        try:
            return decorated()(event, context)
        finally:
            if metrics().provider.metric_set:
                metrics().flush_metrics()

    return handler
