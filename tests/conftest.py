"""Fixtures for every tier: each plug-in is one subject."""

pytest_plugins = ["tests.fixtures.postgres"]
