"""Serials: opaque, increasing names of publications, comparable as text.

`<14-digit ms>-<counter>@<series>` names one publication on a channel and is its channelSerial;
`…:<index>` names a message in it. The series is unique to a server process: a client that presents
a serial of an earlier process has lost continuity.
"""

from ably_local.auth.keys import random_id
from ably_local.base.clock import Clock


class Serials:
    """The serials of one server: strictly increasing even if the clock goes back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ms = 0
        self._counter = 0
        self.series = random_id(12)

    def next(self) -> str:
        """The next serial."""
        now = self._clock.now_ms()
        if now > self._last_ms:
            self._last_ms, self._counter = now, 0
        else:
            self._counter += 1
            if self._counter > 999:
                self._last_ms, self._counter = self._last_ms + 1, 0
        return f"{self._last_ms:014d}-{self._counter:03d}@{self.series}"

    def knows(self, serial: object) -> bool:
        """Whether this server process issued the serial that a client sent."""
        return isinstance(serial, str) and serial.partition(":")[0].endswith(f"@{self.series}")


def message_serial(channel_serial: str, index: int) -> str:
    """The serial of a message by its index in its publication."""
    return f"{channel_serial}:{index:03d}"
