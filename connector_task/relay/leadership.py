"""Wires a dispatcher: the one place for the service, the tests and the benchmarks."""

from dataclasses import dataclass, field

from connector_task.relay.delivery import Delivery
from connector_task.relay.dispatcher import Dispatcher
from connector_task.relay.limits import BatchLimits, Rates
from connector_task.relay.ports import Clock, Counters, Logger, Outbox, Publisher, Signal
from connector_task.relay.rate_limiter import RateLimiter
from connector_task.relay.retry_policy import Backoff
from connector_task.relay.state import RelayState


@dataclass(kw_only=True, slots=True)
class Leadership:
    """Creates the dispatcher of each leadership of one relay.

    The backoff after failed requests and the use of Ably's rates outlive a leadership: its
    dispatchers share one delivery and one rate limiter.

    Attributes:
        backoff: after a failed request.
        woken: set when there may be work.
        stopped: set when the present leadership is to end.
        poll_seconds: the longest wait while nothing wakes the dispatcher.
        max_in_flight: concurrent requests.
    """

    publisher: Publisher
    clock: Clock
    counters: Counters
    logger: Logger
    state: RelayState
    backoff: Backoff
    woken: Signal
    stopped: Signal
    poll_seconds: float = 1.0
    max_in_flight: int = 4
    limits: BatchLimits = field(default_factory=BatchLimits)
    rates: Rates = field(default_factory=Rates)
    _delivery: Delivery = field(init=False)
    _rate_limiter: RateLimiter = field(init=False)

    def __post_init__(self) -> None:
        self._rate_limiter = RateLimiter(self.rates)
        self._delivery = Delivery(
            publisher=self.publisher,
            clock=self.clock,
            counters=self.counters,
            logger=self.logger,
            state=self.state,
            backoff=self.backoff,
            stopped=self.stopped,
            limits=self.limits,
        )

    def dispatcher(self, outbox: Outbox) -> Dispatcher:
        """The dispatcher of a new leadership, which knows nothing of an earlier one."""
        return Dispatcher(
            outbox=outbox,
            delivery=self._delivery,
            clock=self.clock,
            counters=self.counters,
            state=self.state,
            woken=self.woken,
            stopped=self.stopped,
            poll_seconds=self.poll_seconds,
            max_in_flight=self.max_in_flight,
            limits=self.limits,
            rate_limiter=self._rate_limiter,
        )
