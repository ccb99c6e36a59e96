"""The port of the health check, read without pydantic.

The platform runs `health` every few seconds on a fraction of a processor, where importing pydantic
costs more than the check itself.
"""

from collections.abc import Mapping

HEALTH_PORT = "CONNECTOR_HEALTH_PORT"
MAX_PORT = 65535


def from_environment(environment: Mapping[str, str]) -> int | None:
    """The port, where the environment has a usable one; `load` says what is wrong with another."""
    text = environment.get(HEALTH_PORT, "")
    port = int(text) if text.isdecimal() and len(text) <= len(str(MAX_PORT)) else 0
    return port if 0 < port <= MAX_PORT else None
