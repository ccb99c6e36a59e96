"""TCP ports on loopback."""

import asyncio
import itertools
import os
import socket

from local.errors import LocalError

POLL_SECONDS = 0.02

# Below the ports of outgoing connections: these start at 32768 on Linux, 49152 elsewhere.
FIRST_PORT = 10_000
PORTS = 22_000
PORTS_A_PROCESS = 16

_numbers = itertools.count()


def free_port() -> int:
    """A free port of 127.0.0.1; each call returns another one.

    The port stays free until it is used: no outgoing connection takes it, and processes that start
    one after the other choose from different ports.

    Raises:
        LocalError: if no port is free.
    """
    start = os.getpid() * PORTS_A_PROCESS
    for number in itertools.islice(_numbers, PORTS):
        port = FIRST_PORT + (start + number) % PORTS
        if is_free(port):
            return port
    raise LocalError("no port of 127.0.0.1 is free")


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def require_free(port: int, *, option: str) -> None:
    """Check that a port that the user chose is free.

    Raises:
        LocalError: if it is in use; the message names the option that changes the port.
    """
    if not is_free(port):
        msg = (
            f"port {port} is in use: stop the program that listens there, "
            f"or choose another port with {option}"
        )
        raise LocalError(msg)


async def wait_until_listening(port: int, timeout_seconds: float) -> bool:
    """Wait until a port of 127.0.0.1 accepts connections; False after the timeout."""
    try:
        async with asyncio.timeout(timeout_seconds):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(POLL_SECONDS)
                else:
                    writer.close()
                    return True
    except TimeoutError:
        return False
