"""Fixtures for every tier: each plug-in is one subject."""

import signal

from hypothesis import settings

# `pytest --hypothesis-profile=thorough PATH` tries what `make test` samples ten thousand times.
settings.register_profile("thorough", max_examples=10_000, deadline=None)

pytest_plugins = [
    "tests.fixtures.ably",
    "tests.fixtures.aws",
    "tests.fixtures.browser",
    "tests.fixtures.control_api",
    "tests.fixtures.local_run",
    "tests.fixtures.postgres",
]


def pytest_configure() -> None:
    """Take SIGINT as usual, and let the programs under test inherit that.

    A shell starts what it runs in the background with SIGINT ignored, and Python leaves it so.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
