"""A database with a table, and connectors between it and the local Ably.

As in AWS, the owner of the tables installs, and a role that may do no more than relay relays.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from connector_task.cli import commands
from connector_task.config.sources import load
from lambdas.migrate.roles import CONNECTOR, OWNER
from local.services.embedded_postgres import EmbeddedPostgres
from tests.fakes.logger import MemoryLogger
from tests.fixtures.ably import LocalAbly
from tests.fixtures.connector import ConnectorProcess, environment, mappings, query, running
from tests.fixtures.roles import as_role, prepare_roles
from tests.fixtures.waiting import eventually
from tests.integration.connector.shared import SharedDatabase, shared_database

Start = Callable[..., ConnectorProcess]


class Site:
    """One database, one Ably, and what goes from the one to the other on channel `people`.

    Attributes:
        url: of the database, for the owner of its tables.
        superuser_url: the same for who may do anything.
    """

    channel = "people"

    def __init__(self, url: str, ably: LocalAbly) -> None:
        prepare_roles(url)
        self.url = as_role(url, OWNER)
        self.superuser_url = url
        self.ably = ably
        self.connector = mappings("users", self.channel)
        query(self.url, "CREATE TABLE users (id bigint PRIMARY KEY, name text)")

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a connector that is the owner: for commands, and to do it all."""
        run_role = {"CONNECTOR_RUN_ROLE": CONNECTOR}
        return environment(self.url, self.ably, self.connector, **run_role, **more)

    def relaying(self, **more: str) -> dict[str, str]:
        """The environment of a connector that leaves installing to the owner."""
        url = as_role(self.url, CONNECTOR)
        return environment(url, self.ably, self.connector, CONNECTOR_INSTALL="false", **more)

    def install(self) -> None:
        """Install as the owner."""
        commands.install(load(None, self.variables()), MemoryLogger())

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
def shared(postgres: EmbeddedPostgres) -> Iterator[SharedDatabase]:
    with shared_database(postgres) as db:
        yield db


@pytest.fixture
def start(site: Site) -> Iterator[Start]:
    """Start a connector; every one is gone when the test ends.

    It is installed before; but where the test says how to install, or has the database be
    somewhere else, it is on its own.
    """
    with ExitStack() as stack:

        def begin(*arguments: str, **more: str) -> ConnectorProcess:
            if {"CONNECTOR_INSTALL", "DB_PORT"} & set(more):
                variables = site.variables(**more)
            else:
                site.install()
                variables = site.relaying(**more)
            return stack.enter_context(running(*arguments, variables=variables))

        yield begin
