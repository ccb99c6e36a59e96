"""A database with a table, and connectors between it and the local Ably."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.fixtures.ably import LocalAbly
from tests.fixtures.connector import (
    ConnectorProcess,
    environment,
    eventually,
    mappings,
    query,
    running,
)

Start = Callable[..., ConnectorProcess]


class Site:
    """One database, one Ably, and what goes from the one to the other on channel `people`."""

    channel = "people"

    def __init__(self, url: str, ably: LocalAbly) -> None:
        self.url = url
        self.ably = ably
        self.connector = mappings("users", self.channel)
        query(url, "CREATE TABLE users (id bigint PRIMARY KEY, name text)")

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a connector."""
        return environment(self.url, self.ably, self.connector, **more)

    def sql(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run one statement, committed at once."""
        return query(self.url, text, *parameters)

    def events(self, channel: str | None = None) -> list[dict[str, Any]]:
        """What clients have received, parsed as they parse it."""
        messages = self.ably.published(channel or self.channel)
        return [json.loads(message["data"]) for message in messages]

    def ids(self) -> list[int]:
        """The id of the row of each message, in order."""
        return [event["row"]["id"] for event in self.events()]

    def until_published(self, count: int) -> None:
        """Wait until so many messages have arrived."""
        eventually(
            lambda: len(self.ably.published(self.channel)) >= count,
            f"{count} messages; there are {len(self.ably.published(self.channel))}",
        )

    def until_empty(self) -> None:
        """Wait until nothing waits in the outbox."""
        eventually(lambda: self.sql("SELECT count(*) FROM ably.outbox") == [(0,)], "empty outbox")


@pytest.fixture
def site(database_url: str, local_ably: LocalAbly) -> Site:
    return Site(database_url, local_ably)


@pytest.fixture
def start(site: Site) -> Iterator[Start]:
    """Start a connector; every one is gone when the test ends."""
    with ExitStack() as stack:

        def begin(*arguments: str, **more: str) -> ConnectorProcess:
            return stack.enter_context(running(*arguments, variables=site.variables(**more)))

        yield begin
