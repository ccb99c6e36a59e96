"""When the next publish is within Ably's rates: for one channel, and for the account. Pure.

A rate is kept by spacing (the generic cell rate algorithm): each publish moves the time from which
on the next is due, and a few may come before theirs. So an idle channel publishes at once, and a
busy one's messages gather until its turn comes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from connector_task.relay.limits import Rates
from connector_task.relay.ports import Batch

# Clocks differ and requests travel for different times: what leaves evenly arrives less so.
SHARE = 0.9
CHANNEL_BURST = 4  # publishes on an idle channel that need not be spaced
SECOND_BURST = 5  # requests on an idle account that need not be
HOUR_BURST_SHARE = 0.1  # of an hour's requests
FORGET_ABOVE = 1000  # channels that are remembered before those that rest no more are dropped


@dataclass(slots=True)
class Gcra:
    """One rate's account.

    Attributes:
        due: when the next would be due if nothing might ever come early.
    """

    due: float = 0.0

    def ready_at(self, lead: float) -> float:
        """From when on the next may go, `lead` seconds before it is due."""
        return self.due - lead

    def spend(self, now: float, seconds: float) -> None:
        """Something goes that takes so many seconds' worth of the rate."""
        self.due = max(self.due, now) + seconds


@dataclass(slots=True)
class RateLimiter:
    """The rates of the channels and of the account, as far as this process uses them."""

    rates: Rates = field(default_factory=Rates)
    _channels: dict[str, Gcra] = field(default_factory=dict)
    _second: Gcra = field(default_factory=Gcra)
    _hour: Gcra = field(default_factory=Gcra)

    def channel_ready_at(self, channel: str) -> float:
        """From when on the channel may be published on."""
        gcra = self._channels.get(channel)
        if gcra is None:
            return 0.0
        return gcra.ready_at((CHANNEL_BURST - 1) * _interval(self.rates.channel_publishes))

    def resting(self, now: float) -> list[str]:
        """The channels that may not be published on yet."""
        return [channel for channel in self._channels if self.channel_ready_at(channel) > now]

    def account_ready_at(self) -> float:
        """From when on the account takes one more request."""
        rates = self.rates
        hour_burst = rates.requests_per_hour * HOUR_BURST_SHARE
        return max(
            self._second.ready_at((SECOND_BURST - 1) * _interval(rates.requests_per_second)),
            self._hour.ready_at(hour_burst * self._hour_interval()),
        )

    def spend(self, batches: Iterable[Batch], now: float) -> None:
        """One request goes out."""
        self._second.spend(now, _interval(self.rates.requests_per_second))
        self._hour.spend(now, self._hour_interval())
        if not self.rates.channel_publishes and not self.rates.channel_bytes:
            return
        for batch in batches:
            gcra = self._channels.setdefault(batch.channel, Gcra())
            by_bytes = batch.size_bytes * _interval(self.rates.channel_bytes)
            gcra.spend(now, max(_interval(self.rates.channel_publishes), by_bytes))
        if len(self._channels) > FORGET_ABOVE:
            self._channels = {name: one for name, one in self._channels.items() if one.due > now}

    def _hour_interval(self) -> float:
        # The early ones are part of the hour's number as well.
        return _interval(self.rates.requests_per_hour * (1 - HOUR_BURST_SHARE)) * 3600


def _interval(rate: float) -> float:
    return 1 / (rate * SHARE) if rate else 0.0
