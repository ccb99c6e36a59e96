"""What importing a handler may do: nothing that needs the environment."""

import subprocess
import sys

import pytest

HOSTILE_ENVIRONMENT = """
import collections.abc, os, sys

class Closed(collections.abc.Mapping):
    def _who(self):
        caller = sys._getframe(2)
        if "/lambdas/" in caller.f_code.co_filename:
            raise AssertionError(f"{caller.f_code.co_filename} reads the environment at import")
    def __getitem__(self, key):
        self._who()
        return real[key]
    def get(self, key, default=None):
        self._who()
        return real.get(key, default)
    def __iter__(self):
        return iter(real)
    def __len__(self):
        return len(real)

real, os.environ = os.environ, Closed()
import lambdas.%s.handler
"""


@pytest.mark.parametrize("function", ["ably_rule", "auth", "history", "ingest", "migrate"])
def test_a_handler_is_imported_without_a_look_at_the_environment(function: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", HOSTILE_ENVIRONMENT % function],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("function", ["ably_rule", "auth", "history", "ingest", "migrate"])
def test_a_handler_imports_only_what_its_function_needs(function: str) -> None:
    unneeded = {"auth": ("psycopg2",), "history": ("ably",), "ingest": ("ably",)}
    names = unneeded.get(function, ("ably",))
    code = f"import sys, lambdas.{function}.handler; print(*sorted(sys.modules))"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not set(names) & set(modules)
