"""A local Ably server that the real SDKs connect to unmodified; for development only.

Only `server`, `http_guard`, `private_file` and `__main__` do I/O. All other packages take values
and return values and frames; callers pass them the time. README.md lists what is supported.
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
    """Import the server on first use, so that programs that only need the guard start faster."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
