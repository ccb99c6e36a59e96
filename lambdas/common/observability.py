"""Logger and metrics: Powertools' singletons, made at first use, and the wrapper of every handler.

Log lines have a constant message and facts from a closed list of keys (docs/configuration.md);
never a payload, a token, a cookie or a connection string.
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
    """The process's logger; service name and level come from POWERTOOLS_… variables."""
    return Logger()


@cache
def metrics() -> Metrics:
    """The process's metrics; they go out as one EMF line at the end of each invocation."""
    made = Metrics()
    # Without a namespace Powertools raises at the end of an invocation that has succeeded.
    made.namespace = made.namespace or NAMESPACE
    made.service = made.service or "service_undefined"  # as its logger says then
    return made


def count(name: str, value: int = 1) -> None:
    """Add a count to the invocation's metrics, dimensions `service` and `stage`."""
    metrics().add_metric(name=name, unit=MetricUnit.Count, value=value)


def count_by_reason(name: str, reasons: Mapping[str, int]) -> None:
    """Count a total, and each reason apart with the further dimension `reason`."""
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
    """Wrap a handler: context keys on each log line, metrics flushed also when it raises.

    Args:
        handle: what Lambda would call.
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
