"""A local Ably that the real SDKs connect to unmodified: a development server, not a service.

The core (everything but `server`, `sockets`, `misbehaving`, `invoker`, `roles`, `timing` and
`__main__`) does no I/O: values go in, values and frames come out, and time is handed in. README.md
in `local/` says what is supported.
"""

from local.ably.faults import Fault
from local.ably.limits import Limits
from local.ably.server import AblyServer

__all__ = ["AblyServer", "Fault", "Limits"]
