"""A local Ably that the real SDKs connect to unmodified: a development server, not a service.

The core (everything but `server`, `sockets`, `misbehaving`, `invoker`, `roles`, `timing`,
`private_file` and `__main__`) does no I/O: values go in, values and frames come out, and time is
handed in. README.md in `local/` says what is supported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.ably.faults import Fault
    from local.ably.limits import Limits
    from local.ably.server import AblyServer

__all__ = ["AblyServer", "Fault", "Limits"]

_MODULES = {"AblyServer": "server", "Fault": "faults", "Limits": "limits"}


def __getattr__(name: str) -> Any:
    """Load the server where it is used: programs that only share its guard start without it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
