"""An Ably that keeps what it is given, in memory, and can be told to refuse."""

from collections.abc import Callable, Sequence

from connector_task.errors import ErrorCode, PublishError, PublishRequestError
from connector_task.relay.limits import MESSAGE_BYTES
from connector_task.relay.ports import Batch

Refusal = Callable[[Batch], PublishError | None]
UNREACHABLE = PublishError(ErrorCode.ABLY_UNREACHABLE, 0, "connection refused")


class MemoryPublisher:
    """See `connector_task.relay.ports.Publisher`.

    Attributes:
        requests: the batches of every request that arrived, also of failed ones.
        up: False makes every request come to nothing.
        refuse: asked for every batch, says why it is not accepted.
        unheard: so many answers are lost on their way back.
    """

    def __init__(self) -> None:
        self.requests: list[list[Batch]] = []
        self.up = True
        self.unheard = 0
        self.refuse: Refusal = lambda _: None
        self._channels: dict[str, list[tuple[str, str | None]]] = {}

    async def publish(self, batches: Sequence[Batch]) -> list[PublishError | None]:
        self.requests.append(list(batches))
        if not self.up:
            raise PublishRequestError(UNREACHABLE)
        results = [self._accept(batch) for batch in batches]
        if self.unheard:
            self.unheard -= 1
            raise PublishRequestError(UNREACHABLE)
        return results

    def _accept(self, batch: Batch) -> PublishError | None:
        if batch.size_bytes > MESSAGE_BYTES:
            return PublishError(40009, 413, "Maximum message length exceeded")
        error = self.refuse(batch)
        if error is None:
            known = self._channels.setdefault(batch.channel, [])
            if f"{batch.id}:0" not in {message_id for message_id, _ in known}:
                known += [
                    (f"{batch.id}:{place}", message.data)
                    for place, message in enumerate(batch.messages)
                ]
        return error

    def published(self, channel: str) -> list[str | None]:
        """The data of every message on a channel, in order."""
        return [data for _, data in self._channels.get(channel, [])]
