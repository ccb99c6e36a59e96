"""Fixtures for every tier: each plug-in is one subject."""

pytest_plugins = [
    "tests.fixtures.ably",
    "tests.fixtures.aws",
    "tests.fixtures.browser",
    "tests.fixtures.control_api",
    "tests.fixtures.local_run",
    "tests.fixtures.postgres",
]
