"""Wake-ups that a test gives."""

from collections.abc import Callable


class MemoryWakeups:
    """See `connector_task.relay.ports.Wakeups`."""

    def __init__(self) -> None:
        self._wake: Callable[[], None] | None = None

    async def listen(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    async def close(self) -> None:
        self._wake = None

    @property
    def is_listening(self) -> bool:
        """Whether anyone would be woken."""
        return self._wake is not None

    def notify(self) -> None:
        """What a committing writer does."""
        if self._wake is not None:
            self._wake()
