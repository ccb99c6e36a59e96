"""A local Ably that the real SDKs connect to unmodified: a development server, not a service.

Only `server`, `http_guard`, `private_file` and `__main__` do I/O; in every other package values go
in, values and frames come out, and time is handed in. README.md says what is supported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ably_local.core.limits import Limits
    from ably_local.faults.faults import Fault
    from ably_local.server.server import AblyServer

__all__ = ["AblyServer", "Fault", "Limits"]

_MODULES = {"AblyServer": "server.server", "Fault": "faults.faults", "Limits": "core.limits"}


def __getattr__(name: str) -> Any:
    """Load the server where it is used: programs that only share its guard start without it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
