"""Fixtures for every tier: each plug-in is one subject."""

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
