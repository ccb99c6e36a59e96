"""The real clock."""

import asyncio
import time

from connector_task.relay.ports import Wakeable


class SystemClock:
    """See `ports.Clock`."""

    def now(self) -> float:
        """The monotonic clock of the system."""
        return time.monotonic()

    async def wait(self, event: Wakeable, seconds: float) -> None:
        """Wait on the running event loop."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
