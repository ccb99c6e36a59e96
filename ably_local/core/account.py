"""What all apps of the account share: the limits on publishing, connections and channels."""

from ably_local.base.clock import Clock
from ably_local.base.errors import AblyError
from ably_local.core.limits import Limits, TokenBucket


class Account:
    """The account's rates and counts.

    Attributes:
        id: the account id that the Control API shows.
        open_channels: open channels of all apps, without metachannels.
    """

    def __init__(self, account_id: str, limits: Limits, clock: Clock) -> None:
        self.id = account_id
        self.open_channels = 0
        self._limits = limits
        self._messages = TokenBucket(limits.account_message_rate, clock)
        self._connections = TokenBucket(limits.connection_creation_rate, clock)
        self._channels = TokenBucket(limits.channel_creation_rate, clock)

    def admit_messages(self, count: int) -> None:
        """Count a publish against the account's message rate.

        Raises:
            AblyError: 42917, if the rate is exceeded.
        """
        if not self._messages.take(count):
            raise _too_fast(42917, "messages", self._limits.account_message_rate)

    def admit_connection(self, held: int) -> None:
        """Count a new connection; `held` is the number of existing ones.

        Raises:
            AblyError: 40111, if too many exist; 80021, if too many were created in the last second.
        """
        if held >= self._limits.connections:
            raise AblyError(40111, 403, "account restricted (connection limits exceeded)")
        if not self._connections.take():
            raise _too_fast(80021, "connections", self._limits.connection_creation_rate)

    def admit_channel(self) -> None:
        """Count a channel that opens.

        Raises:
            AblyError: 40114, if too many are open; 90021, if too many opened in the last second.
        """
        if self.open_channels >= self._limits.channels:
            raise AblyError(40114, 403, "account restricted (channel limits exceeded)")
        if not self._channels.take():
            raise _too_fast(90021, "channels", self._limits.channel_creation_rate)
        self.open_channels += 1


def _too_fast(code: int, what: str, rate: int) -> AblyError:
    msg = f"maximum account-wide instantaneous {what} rate exceeded; permitted rate = {rate}"
    return AblyError(code, 429, f"{msg}; metric = {what}.maxRate")
