"""Fixtures for every tier: each plug-in is one subject."""

import signal

pytest_plugins = [
    "tests.fixtures.ably",
    "tests.fixtures.aws",
    "tests.fixtures.browser",
    "tests.fixtures.control_api",
    "tests.fixtures.local_run",
    "tests.fixtures.postgres",
    "tests.fixtures.samples",
    "tests.fixtures.stack",
    "tests.fixtures.workers",
]


def pytest_configure() -> None:
    """Take SIGINT as usual, and let the programs under test inherit that.

    A shell starts what it runs in the background with SIGINT ignored, and Python leaves it so.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
